import { join } from 'node:path';
import { createConnectors } from '../src-main/gateway/profiles/connectors.ts';
import { manifestJsonSchema } from '../src-main/gateway/profiles/manifest-error.ts';
import type { ConnectorSummary, ConnectorWay, SignInMethod } from '../src-shared/model.ts';

/** The table of the built-in connectors, from their manifests. */
export function connectorsPage(root: string): string {
  const connectors = createConnectors({
    builtinFolder: join(root, 'resources', 'connectors'),
    customFolder: null,
    // A manifest that is left out fails the tests; here it is only not in the table.
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const summaries = connectors.list().map((manifest) => connectors.summary(manifest));
  return [
    '# Connectors',
    'For users: the services Nucleus knows. `nucleus connectors NAME` tells all about one, `nucleus add NAME` adds a profile of it. A server that is not here: `nucleus add NAME URL` or `--command`, or [a manifest of your own](manifests.md).',
    'Most of these files were written from documentation and source code. **Read** means that nobody has tried it with an account yet; where each fact stands is in [connectors-sources.md](connectors-sources.md). **Live** means that it was used for real.',
    '| Connector | Service | Reached at | Sign-in | Read-only | Asks for | Checked |',
    '|---|---|---|---|---|---|---|',
    ...summaries.flatMap(rowsOf),
  ]
    .join('\n\n')
    .replaceAll('|\n\n|', '|\n|')
    .concat('\n\n', signInWords);
}

/** The keys of a manifest for editors. */
export function connectorJson(): string {
  const { $schema, ...rest } = manifestJsonSchema() as { $schema?: string };
  return JSON.stringify({
    $schema,
    title: 'Nucleus connector manifest',
    $comment: 'Generated from src-main/gateway/profiles by "npm run docs"; edit those files instead.',
    ...rest,
  });
}

const signInWords = [
  '## What the sign-in column means',
  '- **in a browser**: Nucleus registers itself with the service and opens its page. Nothing else is needed.',
  '- **in a browser, own app**: the service registers no apps by itself. Make one there, and give Nucleus its client id and secret; a token is often the easier road.',
  '- **in a browser, known clients only**: the service lets in clients from a list, and Nucleus is not on it. Expect to be refused. Nucleus never pretends to be another product.',
  '- **in a browser, undocumented**: how clients register was not found. It is tried.',
  '- **token** and the like: made on the service’s page, kept in the vault, sent by Nucleus only.',
  'One sign-in can cover less than the account: one organization of Supabase, one workspace of Slack, one site of Atlassian. Make a profile for each.',
]
  .join('\n\n')
  .replaceAll('\n\n- ', '\n- ');

function rowsOf(connector: ConnectorSummary): string[] {
  const { name, title, checked, variants } = connector;
  const own = row(`**${name}**`, title, connector, checked ? `${checked.method} ${checked.on}` : '');
  return [
    own,
    ...Object.entries(variants).map(([variant, way]) => row(`↳ \`--variant ${variant}\``, '', way, '')),
  ];
}

function row(name: string, title: string, way: ConnectorWay, checked: string): string {
  const fields = way.metadata.map(
    ({ key, required }) => `${key}${required ? '' : '?'}${way.pickers.includes(key) ? ' (picker)' : ''}`,
  );
  const readOnly = way.readOnly ? (way.readOnly.default ? 'default' : 'switch') : '';
  const cells = [
    name,
    title,
    way.url === null ? 'a program' : `\`${way.url}\``,
    way.methods.map(wordsOf).join('; '),
    readOnly === '' ? '' : `${readOnly}${way.readOnly?.covers == null ? '' : `: ${way.readOnly.covers}`}`,
    fields.join(', '),
    checked,
  ];
  return `| ${cells.join(' | ')} |`;
}

const groupWords = {
  registers: 'in a browser',
  'own-app': 'in a browser, own app',
  'known-clients': 'in a browser, known clients only',
  undocumented: 'in a browser, undocumented',
} as const;

function wordsOf({ method, group, label }: SignInMethod): string {
  if (group !== null) return groupWords[group];
  if (method === 'none') return 'none';
  // API stays API.
  return /^[A-Z][a-z]/.test(label) ? label.charAt(0).toLowerCase() + label.slice(1) : label;
}
