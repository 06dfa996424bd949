import { NucleusError } from '../../src-shared/errors.ts';
import type { ConnectorSummary, Metadata, MetadataField, SignInMethod } from '../../src-shared/model.ts';
import { checkName } from '../../src-shared/model.ts';
import { holesOf } from '../gateway/profiles/template.ts';
import { expandHome } from './add-request.ts';
import type { Context } from './context.ts';
import { note, oneLine } from './output.ts';
import type { Prompter } from './prompt.ts';

/** Which profile `add` writes; null is the person's change of mind. */
export type NameChoice = { readonly name: string; readonly replace: boolean } | null;

/** Finds the profile's name: the given one, `default` when it is the first, else what the person chooses. */
export async function chooseName(
  context: Context,
  prompter: Prompter,
  request: { readonly connector: string; readonly name: string | null; readonly replace: boolean },
  taken: readonly string[],
): Promise<NameChoice> {
  const { connector, name, replace } = request;
  if (name !== null) {
    if (!taken.includes(name) || replace) return { name, replace };
    return resolveCollision(context, prompter, connector, name);
  }
  if (taken.length === 0) return { name: 'default', replace };
  if (replace && taken.length === 1) return { name: taken[0] ?? 'default', replace };
  if (!context.input) {
    throw new NucleusError(
      'USAGE',
      `${connector} has profiles already (${taken.join(', ')}); say which with --name`,
    );
  }
  note(context, `${connector} has profiles already: ${taken.join(', ')}`);
  note(context, '  n  new profile');
  note(context, '  r  re-authenticate one of them');
  note(context, '  c  cancel');
  const choice = await askOneOf(prompter, 'Choice [n]: ', ['n', 'r', 'c'], 'n', '--name');
  if (choice === 'c') return null;
  if (choice === 'n') {
    const fresh = await askName(prompter, 'Name of the new profile: ');
    return taken.includes(fresh)
      ? resolveCollision(context, prompter, connector, fresh)
      : { name: fresh, replace: false };
  }
  if (taken.length === 1) return { name: taken[0] ?? 'default', replace: true };
  const chosen = await askOneOf(prompter, `Which one (${taken.join(', ')}): `, taken, null, '--name');
  return { name: chosen, replace: true };
}

async function resolveCollision(
  context: Context,
  prompter: Prompter,
  connector: string,
  name: string,
): Promise<NameChoice> {
  const id = `${connector}:${name}`;
  const exists = (): NucleusError =>
    new NucleusError(
      'PROFILE_EXISTS',
      `${id} exists already; give --replace to put another in its place, or another --name`,
    );
  if (!context.input) throw exists();
  note(context, `${id} exists already.`);
  note(context, '  r  re-authenticate it');
  note(context, '  c  cancel');
  const answer = await prompter.ask('Choice [c]: ');
  // The end of the input is a script that did not foresee this, not a person who thought better of it.
  if (answer === null) throw exists();
  return answer.trim() === 'r' ? { name, replace: true } : null;
}

async function askName(prompter: Prompter, question: string): Promise<string> {
  const name = (await prompter.ask(question))?.trim() ?? '';
  if (name === '') throw new NucleusError('USAGE', 'a name is required; give it with --name');
  checkName('profile', name);
  return name;
}

async function askOneOf(
  prompter: Prompter,
  question: string,
  choices: readonly string[],
  fallback: string | null,
  flag: string,
): Promise<string> {
  for (;;) {
    const answer = (await prompter.ask(question))?.trim();
    if (answer === undefined)
      throw new NucleusError('USAGE', `the input ended before a choice; give ${flag}`);
    const choice = answer === '' ? fallback : answer;
    if (choice !== null && choices.includes(choice)) return choice;
  }
}

/** The metadata the manifest asks for and the flags did not give. */
export async function askMetadata(
  context: Context,
  prompter: Prompter,
  fields: readonly MetadataField[],
  given: Metadata,
  {
    detected = {},
    later = [],
  }: {
    /** What files say, offered as the default. */
    readonly detected?: Metadata;
    /** Fields that are chosen afterwards, from a list. */
    readonly later?: readonly string[];
  } = {},
): Promise<Metadata> {
  const metadata: Record<string, string> = { ...given };
  for (const field of fields) {
    const fallback = detected[field.key] ?? field.default;
    const isLater = later.includes(field.key) && !field.required && fallback === null;
    const mayAsk = context.input && !isLater;
    const value =
      given[field.key] ??
      // A script that names nothing must not depend on the folder it runs in.
      (mayAsk ? await askField(prompter, { ...field, default: fallback }) : (field.default ?? ''));
    if (value === '' && field.required) {
      throw new NucleusError(
        'METADATA_INVALID',
        `metadata field "${field.key}" is required; give it with --metadata ${field.key}=VALUE`,
        { key: field.key },
      );
    }
    if (value !== '') metadata[field.key] = field.kind === 'path' ? expandHome(value) : value;
  }
  return metadata;
}

async function askField(prompter: Prompter, field: MetadataField): Promise<string> {
  const choices = field.choices.length === 0 ? '' : ` (${field.choices.join(', ')})`;
  const fallback = field.default === null ? (field.required ? '' : ' [none]') : ` [${field.default}]`;
  const answer = (await prompter.ask(`${field.label || field.key}${choices}${fallback}: `)) ?? '';
  return answer.trim() === '' ? (field.default ?? '') : answer.trim();
}

/**
 * The values of the secrets, each as one line, never shown on a terminal. Where the profile exists and may have one
 * already, `keep`, no answer leaves it as it is; the gateway knows whether there is one.
 */
export async function askSecrets(
  prompter: Prompter,
  names: readonly string[],
  {
    mayAsk,
    keep,
    silent = false,
  }: { readonly mayAsk: boolean; readonly keep: boolean; readonly silent?: boolean },
): Promise<Record<string, string>> {
  const secrets: Record<string, string> = {};
  for (const name of names) {
    if (!mayAsk && keep) continue;
    if (!mayAsk)
      throw new NucleusError('SECRET_REQUIRED', `${name} is required; pipe it in with --token-stdin`);
    const question = keep ? `Paste ${name} (empty keeps the old one): ` : `Paste ${name}: `;
    // A pasted token often brings the blanks around it.
    const value = (await prompter.askHidden(silent ? '' : question))?.trim() ?? '';
    if (value !== '') secrets[name] = value;
    else if (!keep) throw new NucleusError('SECRET_REQUIRED', `${name} is required`);
  }
  return secrets;
}

/** What to know of a way to sign in before anything is asked: where a token is made, and what will not work. */
export function tellMethod(
  context: Context,
  { label, note: words, create, scopes, group }: SignInMethod,
  others: readonly string[],
): void {
  // Where it may be refused, what else there is.
  const mayFail = group !== null && group !== 'registers' && others.length > 0;
  const instead = mayFail ? ` Other ways: ${others.join(', ')}.` : '';
  if (words !== '') note(context, `note: ${oneLine(`${words}${instead}`)}`);
  if (create === null) return;
  const wanted = scopes.length === 0 ? '' : ` (allow it ${scopes.join(', ')})`;
  note(context, `${oneLine(label)}: make one at ${oneLine(create)}${oneLine(wanted)}`);
}

/** Another beginning than such secrets have is a slip of the clipboard more often than a new kind of token. */
export function warnOfPrefix(
  context: Context,
  { label, prefix, secrets: [only, ...others] }: SignInMethod,
  secrets: Readonly<Record<string, string>>,
): void {
  const value = only === undefined || others.length > 0 ? undefined : secrets[only];
  if (!value || prefix.length === 0 || prefix.some((one) => value.startsWith(one))) return;
  note(context, `warning: a ${oneLine(label)} usually begins with ${prefix.map(oneLine).join(' or ')}`);
}

/** Names of the secrets a profile brings: those its own command or headers want, else those of the connector. */
export function secretNames(
  launch: { readonly secretEnv: readonly string[] } | null,
  connector: Pick<ConnectorSummary, 'secrets'> | null,
  headers: Readonly<Record<string, string>>,
): readonly string[] {
  if (launch !== null) return launch.secretEnv;
  if (connector !== null) return connector.secrets;
  const holes = Object.values(headers).flatMap((template) => holesOf(template));
  return [...new Set(holes.flatMap((hole) => (hole.kind === 'secret' ? [hole.name] : [])))];
}
