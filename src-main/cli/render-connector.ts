import type { ConnectorSummary, ConnectorWay, SignInMethod } from '../../src-shared/model.ts';
import { oneLine } from './output.ts';

/** All that is known of a connector, a line each, for a terminal. */
export function renderConnector(connector: ConnectorSummary): string[] {
  const { name, title, description, kind, docs, note, checked, variants } = connector;
  return [
    `${title} (${name}, ${kind === 'builtin' ? 'built in' : 'your own'})`,
    description,
    '',
    ...linesOf(connector),
    ...Object.entries(variants).flatMap(([variant, way]) => [
      '',
      `with --variant ${variant}`,
      ...linesOf(way).map((line) => `  ${line}`),
    ]),
    '',
    ...(note === null ? [] : [`good to know: ${note}`]),
    ...(docs === null ? [] : [`documentation: ${docs}`]),
    ...(checked === null ? [] : [`checked: ${checkedWords[checked.method]} on ${checked.on}`]),
    ...(checked?.sources ?? []).map((source) => `  ${source}`),
  ]
    .map(oneLine)
    .filter((line, index, lines) => line !== '' || lines[index + 1] !== undefined);
}

/** Said as it is: what was only read may not work. */
const checkedWords = {
  read: 'read in documentation or source, never tried with an account,',
  recorded: 'compared with recorded answers',
  live: 'used for real',
} as const;

function linesOf(way: ConnectorWay): string[] {
  const { transport, url, methods, readOnly, metadata, pickers } = way;
  return [
    url === null ? 'reached by: a program on this machine' : `reached by: ${transport} at ${url}`,
    ...methods.flatMap((method, index) => methodLines(method, index === 0)),
    readOnly === null
      ? 'read-only: no switch; limit what the sign-in or token may do'
      : `read-only: ${readOnly.default ? 'unless --read-write is given' : 'with --read-only'}` +
        (readOnly.covers === null ? '' : `, covers ${readOnly.covers}`),
    ...(readOnly?.note ? [`  ${readOnly.note}`] : []),
    ...metadata.map(({ key, label, required, description, choices, default: fallback }) => {
      const facts = [
        required ? 'required' : 'optional',
        ...(fallback === null ? [] : [`default ${fallback}`]),
        ...(choices.length === 0 ? [] : [`one of ${choices.join(', ')}`]),
        ...(pickers.includes(key) ? [`nucleus pick lists them`] : []),
      ];
      return `asks for ${key}: ${label} (${facts.join('; ')})${description === '' ? '' : `. ${description}`}`;
    }),
  ];
}

function methodLines(
  { method, label, group, note, create, scopes, secrets }: SignInMethod,
  isOwn: boolean,
): string[] {
  const how = isOwn ? '' : ` (--auth ${method})`;
  return [
    `sign-in: ${label}${how}${group === null ? '' : `, ${groupWords[group]}`}`,
    ...(secrets.length > 1 ? [`  wants ${secrets.join(', ')}`] : []),
    ...(create === null ? [] : [`  make one at ${create}`]),
    ...(scopes.length === 0 ? [] : [`  with ${scopes.join(', ')}`]),
    ...(note === '' ? [] : [`  ${note}`]),
  ];
}

const groupWords = {
  registers: 'Nucleus registers itself',
  'own-app': 'with an app of your own there',
  'known-clients': 'for known clients only',
  undocumented: 'registration not documented',
} as const;
