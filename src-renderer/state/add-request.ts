import type { AddProfile } from '../../src-shared/contract.ts';
import type { ConnectorSummary } from '../../src-shared/model.ts';
import { text } from '../text.ts';
import { splitCommandLine } from './command-line.ts';
import { chosenWay, fieldsOf, needsClient, type WayChoice } from './connector-way.ts';
import { envOf, type EnvName } from './env-words.ts';

export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** What a person has typed so far. */
export interface AddDraft extends WayChoice {
  /** null: a command or an address of one's own, which makes its connector. */
  readonly connector: ConnectorSummary | null;
  /** The address of one's own; null for a command. */
  readonly url: string | null;
  readonly connectorName: string;
  readonly name: string;
  /** null: neither said nor guessed, so it has to be asked. */
  readonly envClass: EnvName | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Found in files of folders clients work in, by field. */
  readonly detected: Readonly<Record<string, unknown>>;
  /** The OAuth app of one's own, where the service wants one. */
  readonly client: { readonly id: string; readonly secret: string };
  readonly isReadOnly: boolean;
  readonly commandLine: string;
  readonly env: readonly NamedValue[];
  readonly secretEnv: readonly NamedValue[];
}

/** Sentences by field: `name`, `class`, `connector`, `command`, `metadata.file`, `secret.token`, `client.id`, `url`, `env.0`; `form` for the rest. */
export type FieldProblems = Readonly<Record<string, string>>;

const allowedName = /^[a-z0-9_-]+$/;
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What can be told before anybody is asked; empty when the form may go. */
export function checkDraft(draft: AddDraft): FieldProblems {
  const problems: Record<string, string> = {};
  const name = nameProblem(draft.name);
  if (name !== null) problems['name'] = name;
  if (draft.envClass === null) problems['class'] = text.env.needed;
  if (draft.connector) {
    const { way, method, secrets } = chosenWay(draft.connector, draft);
    for (const field of fieldsOf(way, draft.detected))
      if (field.required && field.default === null && !draft.metadata[field.key]?.trim())
        problems[`metadata.${field.key}`] = `${field.label} is needed.`;
    for (const secret of secrets)
      if (!draft.secrets[secret]) problems[`secret.${secret}`] = `${secretLabel(secret)} is needed.`;
    if (needsClient(method) && draft.client.id === '') problems['client.id'] = 'The client id is needed.';
    return problems;
  }
  const connector = nameProblem(draft.connectorName);
  if (connector !== null) problems['connector'] = connector;
  if (draft.url !== null) {
    if (!isWebAddress(draft.url))
      problems['url'] = 'A whole address is needed, such as https://example.com/mcp.';
    return problems;
  }
  const command = splitCommandLine(draft.commandLine);
  if (command.problem !== null) problems['command'] = command.problem;
  else if (!command.words[0]) problems['command'] = 'A command is needed.';
  const seen = new Set<string>();
  for (const [rows, field] of [
    [draft.env, 'env'],
    [draft.secretEnv, 'secretEnv'],
  ] as const)
    rows.forEach((row, index) => {
      const problem = variableProblem(row, seen, field === 'secretEnv');
      if (problem !== null) problems[`${field}.${index}`] = problem;
    });
  return problems;
}

/** The question to the gateway; only for a draft without problems. */
export function addRequest(draft: AddDraft): AddProfile {
  const env = envOf(draft.envClass ?? 'unset');
  if (draft.connector) {
    const { way, method, secrets } = chosenWay(draft.connector, draft);
    const asked = new Set(fieldsOf(way, draft.detected).map(({ key }) => key));
    return {
      connector: draft.connector.name,
      name: draft.name,
      env,
      metadata: filled(draft.metadata, (key) => asked.has(key)),
      secrets: filled(draft.secrets, (name) => secrets.includes(name)),
      readOnly: way.readOnly === null ? null : draft.isReadOnly,
      variant: draft.variant,
      auth: method === null || method.method === way.auth ? null : method.method,
    };
  }
  if (draft.url !== null) return { connector: draft.connectorName, name: draft.name, env, url: draft.url };
  const [command = '', ...args] = splitCommandLine(draft.commandLine).words ?? [];
  const secretEnv = draft.secretEnv.filter(({ name }) => name !== '');
  return {
    connector: draft.connectorName,
    name: draft.name,
    env,
    launch: {
      command,
      args,
      env: Object.fromEntries(
        draft.env.filter(({ name }) => name !== '').map(({ name, value }) => [name, value]),
      ),
      secretEnv: secretEnv.map(({ name }) => name),
    },
    secrets: Object.fromEntries(secretEnv.map(({ name, value }) => [name, value])),
  };
}

/** A connector that a person made by naming a command: each profile of it brings its own. */
export function needsCommand(connector: ConnectorSummary): boolean {
  return connector.kind === 'custom' && connector.transport === 'stdio' && connector.metadata.length === 0;
}

/** A whole address of a page or a server. */
export function isWebAddress(address: string): boolean {
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
}

/** A connector's name made of an address: `https://mcp.acme.dev/v1` gives `acme`. */
export function suggestConnector(address: string): string {
  if (!isWebAddress(address)) return '';
  const { hostname } = new URL(address);
  if (/^[\d.]+$|:/.test(hostname)) return '';
  const parts = hostname.split('.').filter((part) => !['mcp', 'api', 'www'].includes(part));
  return suggestName(parts.length > 1 ? parts.slice(0, -1).join('-') : (parts[0] ?? ''));
}

/** A profile name made of a path or an address: `/data/Prod DB.sqlite` gives `prod-db`. */
export function suggestName(path: string): string {
  const last = path.split(/[\\/]/).findLast((part) => part !== '') ?? '';
  return last
    .replace(/\.[A-Za-z0-9]{1,8}$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 32);
}

/** How a secret is called on the form: `token` reads `Token`, `api_key` reads `Api key`; NAMES_LIKE_THIS stay. */
export function secretLabel(name: string): string {
  if (/^[A-Z0-9_]+$/.test(name)) return name;
  const words = name.replace(/[_-]+/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Why a name cannot be one, or null. */
export function nameProblem(name: string): string | null {
  if (name === '') return 'A name is needed.';
  if (name.length > 64) return 'It is longer than 64 characters.';
  const bad = [...name].find((char) => !allowedName.test(char));
  return bad === undefined ? null : `"${bad}" cannot be in a name. Use a-z, 0-9, - and _.`;
}

function variableProblem(row: NamedValue, seen: Set<string>, isSecret: boolean): string | null {
  if (row.name === '' && row.value === '') return null;
  if (!variableName.test(row.name)) return 'A variable name is letters, digits and _, no digit first.';
  if (seen.has(row.name)) return `${row.name} is named twice.`;
  seen.add(row.name);
  return isSecret && row.value === '' ? `${row.name} needs its value.` : null;
}

function filled(
  values: Readonly<Record<string, string>>,
  isWanted: (key: string) => boolean,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([key, value]) => value !== '' && isWanted(key)));
}
