import * as z from 'zod';
import { Config } from './config.ts';
import { durationPattern } from './duration.ts';

/** What JSON Schema says about one key or section; only what our schema makes use of. */
export interface KeySchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, KeySchema>>;
  readonly items?: KeySchema;
  /** What a table whose keys are free has as values; false for one that has no other keys. */
  readonly additionalProperties?: KeySchema | false;
  readonly anyOf?: readonly KeySchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly maxItems?: number;
  readonly default?: unknown;
  readonly description?: string;
}

/** One key of config.toml. */
export interface ConfigKey {
  readonly section: string;
  readonly name: string;
  readonly schema: KeySchema;
  /** The environment variable that sets it; null where none may. */
  readonly variable: string | null;
}

/** The schema of what may be written in config.toml, as JSON Schema. */
export function configSchema(): KeySchema {
  return z.toJSONSchema(Config, { io: 'input', target: 'draft-2020-12' }) as KeySchema;
}

/** Every key of config.toml, in the order of the schema. */
export function configKeys(): readonly ConfigKey[] {
  return Object.entries(configSchema().properties ?? {}).flatMap(([section, { properties = {} }]) =>
    Object.entries(properties).map(([name, schema]) => ({
      section,
      name,
      schema,
      variable: mayComeFromVariable(schema) ? variableOf(section, name) : null,
    })),
  );
}

/** The variable a key would have: `[upstream] call_timeout` is NUCLEUS_UPSTREAM_CALL_TIMEOUT. */
export function variableOf(section: string, name: string): string {
  return `NUCLEUS_${section}_${name}`.toUpperCase();
}

/** What a value has to be, for people: `a whole number from 1 to 512`. */
export function describeKind(schema: KeySchema): string {
  if (schema.enum) return `one of ${schema.enum.map(String).join(', ')}`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const [one] = schema.anyOf ?? [];
  if (one) return `${describeKind(one)}, or a list of them`;
  if (isDuration(schema)) return 'a duration such as 30s, 10m or 1h30m';
  switch (schema.type) {
    case 'object':
      return schema.properties ? 'a section' : 'a table of texts';
    case 'array':
      if (schema.items?.enum) return `a list of ${schema.items.enum.map(String).join(', ')}`;
      if (schema.items?.type === 'object') return 'a list of tables';
      return schema.maxItems === undefined ? 'a list of texts' : `a list of at most ${schema.maxItems} texts`;
    case 'integer':
      return `a whole number${range(schema)}`;
    case 'number':
      return `a number${range(schema)}`;
    case 'boolean':
      return 'true or false';
    case undefined:
    default:
      return 'a text in quotes';
  }
}

export function isDuration(schema: KeySchema): boolean {
  return schema.pattern === durationPattern.source;
}

/** Lists belong into the file. */
function mayComeFromVariable({ type }: KeySchema): boolean {
  return type !== 'array' && type !== 'object';
}

function range({ minimum, maximum, exclusiveMinimum }: KeySchema): string {
  if (exclusiveMinimum !== undefined && maximum !== undefined)
    return ` above ${exclusiveMinimum} and at most ${maximum}`;
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  return '';
}
