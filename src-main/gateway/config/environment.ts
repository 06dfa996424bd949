import type { ConfigInput } from '../../../src-shared/config.ts';
import { configKeys, type ConfigKey, variableOf } from '../../../src-shared/config-keys.ts';
import { nearest } from './nearest.ts';
import type { Problem } from './problem.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment sets, in the shape of the file, and which variable each key came from. */
export interface EnvironmentSettings {
  readonly input: ConfigInput;
  readonly problems: readonly Problem[];
  /** By `section.key`. */
  readonly variables: ReadonlyMap<string, string>;
}

/** Older and shorter than what the rule would name it; where both are set the longer one holds. */
const shortNames: Readonly<Record<string, string>> = { NUCLEUS_LOG: 'NUCLEUS_LOG_LEVEL' };

/** The settings among the variables: every key but lists, as NUCLEUS_<SECTION>_<KEY>. */
export function readEnvironment(env: Environment): EnvironmentSettings {
  const given = givenIn(env);
  const problems: Problem[] = [];
  const variables = new Map<string, string>();
  const input: Record<string, Record<string, unknown>> = {};
  // Nearly always: nothing is worked out for an environment without settings.
  if (given.size === 0) return { input, problems, variables };

  const keys = configKeys();
  for (const [name, { text, from }] of given) {
    const key = keys.find(({ section, name: own }) => variableOf(section, own) === name);
    if (key === undefined || key.variable === null) {
      const sentence = refusalOf(name, key, keys);
      if (sentence !== null) problems.push({ where: from, sentence });
      continue;
    }
    variables.set(`${key.section}.${key.name}`, from);
    (input[key.section] ??= {})[key.name] = valueOf(text, key);
  }
  return { input, problems, variables };
}

/** The variables that may be settings, by the name the rule gives them. An empty one counts as not set. */
function givenIn(env: Environment): Map<string, { text: string; from: string }> {
  const given = new Map<string, { text: string; from: string }>();
  for (const [from, text] of Object.entries(env)) {
    if (!from.startsWith('NUCLEUS_') || !text) continue;
    const name = shortNames[from] ?? from;
    if (name === from || !env[name]) given.set(name, { text, from });
  }
  return given;
}

/** A variable that looks like a setting and is none would be ignored in silence; null for all others. */
function refusalOf(name: string, key: ConfigKey | undefined, keys: readonly ConfigKey[]): string | null {
  if (key) return `a list is not taken from the environment; write ${key.section}.${key.name} in config.toml`;
  const section = keys.find((known) => name.startsWith(variableOf(known.section, '')))?.section;
  if (section === undefined) return null;
  const known = keys.flatMap(({ variable }) =>
    variable?.startsWith(variableOf(section, '')) === true ? [variable] : [],
  );
  const near = nearest(name, known);
  return near === null ? null : `no setting has this name; did you mean ${near}?`;
}

/** The text as the key's type, or as it is: then the schema says what is wrong with it. */
function valueOf(text: string, { schema }: ConfigKey): unknown {
  const trimmed = text.trim();
  switch (schema.type) {
    case 'boolean':
      return trimmed === 'true' ? true : trimmed === 'false' ? false : text;
    case 'integer':
    case 'number':
      return /^[+-]?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : text;
    case undefined:
    default:
      return schema.enum ? trimmed.toLowerCase() : text;
  }
}
