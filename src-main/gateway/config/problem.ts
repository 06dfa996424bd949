import type * as z from 'zod';
import { describeKind, type KeySchema } from '../../../src-shared/config-keys.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { formatPath, type KeyPath } from './key-path.ts';
import { nearest } from './nearest.ts';

/** Something wrong with the configuration: where it stands, and a sentence without any value. */
export interface Problem {
  readonly where: string;
  readonly sentence: string;
}

/** As many are said at once; with more the first ones are enough to begin with. */
const maxShown = 20;

/** One error that tells all problems, and what else there is to say about the file. */
export function configError(problems: readonly Problem[], hint: string | null): NucleusError {
  const lines = problems.slice(0, maxShown).map(({ where, sentence }) => `${where}: ${sentence}`);
  const more = problems.length - lines.length;
  const rest = [...(more > 0 ? [`and ${more} more`] : []), ...(hint === null ? [] : [hint])];
  if (lines.length === 1) return new NucleusError('CONFIG_INVALID', [...lines, ...rest].join('\n  '));
  const all = [...lines, ...rest].map((line) => `\n  ${line}`).join('');
  return new NucleusError('CONFIG_INVALID', `the configuration has ${problems.length} problems:${all}`);
}

/** What the schema finds wrong: the key, and what is to be said after its name. */
export interface Finding {
  readonly path: KeyPath;
  readonly sentence: string;
}

/**
 * The findings behind the issues of the schema, one for each key nobody knows. `fixOf` says what to do about a value,
 * `nameOf` what people call a key.
 */
export function explainIssues(
  issues: readonly z.core.$ZodIssue[],
  {
    input,
    schema,
    fixOf,
    nameOf,
  }: {
    input: unknown;
    schema: KeySchema;
    fixOf(path: KeyPath): string;
    nameOf?(path: KeyPath): string;
  },
): readonly Finding[] {
  const name = nameOf ?? formatPath;
  return issues.flatMap((issue): Finding[] => {
    const { path } = issue;
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        path: [...path, key],
        sentence: `unknown key ${name([...path, key])}; ${hintFor(path, key, schema, nameOf)}`,
      }));
    // What the schema's own checks say goes on from the name of the key.
    const isOwn =
      issue.code === 'custom' || (issue.code === 'invalid_format' && issue.message.startsWith('must '));
    const says = isOwn ? issue.message : mismatch(issue, input, schema);
    return [{ path, sentence: `${name(path)} ${says}; ${fixOf(path)}` }];
  });
}

/** What is near the unknown key, else what there is in its place. */
function hintFor(path: KeyPath, key: string, schema: KeySchema, nameOf?: (path: KeyPath) => string): string {
  const known = Object.keys(schemaAt(path, schema)?.properties ?? {});
  const near = nearest(key, known);
  if (near !== null) return `did you mean ${near}?`;
  const elsewhere = Object.entries(schema.properties ?? {}).find(([, { properties = {} }]) =>
    Object.hasOwn(properties, key),
  );
  if (elsewhere) return `did you mean ${elsewhere[0]}.${key}?`;
  if (nameOf) return `the keys of ${nameOf(path)} are ${known.join(', ')}`;
  const kind = path.length === 0 ? 'sections' : `keys of [${formatPath(path)}]`;
  return `the ${kind} are ${known.join(', ')}`;
}

function mismatch(issue: z.core.$ZodIssue, input: unknown, schema: KeySchema): string {
  const { path } = issue;
  const at = schemaAt(path, schema);
  if (at === null) return 'is not valid';
  const kind = at.type === 'object' ? `a section, written [${formatPath(path)}]` : describeKind(at);
  // Of the right type and yet wrong: the sentence says what is asked for, the value stays where it is.
  const found = issue.code === 'invalid_type' ? `, and is ${nameOf(valueAt(path, input))}` : '';
  return `must be ${kind}${found}`;
}

function schemaAt(path: KeyPath, schema: KeySchema): KeySchema | null {
  let at: KeySchema | undefined = schema;
  for (const part of path)
    at =
      typeof part === 'number'
        ? at?.items
        : (at?.properties?.[String(part)] ?? (at?.additionalProperties || undefined));
  return at ?? null;
}

function valueAt(path: KeyPath, input: unknown): unknown {
  return path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part], input);
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return 'a date';
  if (typeof value === 'object') return 'a section';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'boolean') return 'true or false';
  if (typeof value === 'number' && !Number.isInteger(value)) return 'a number with a fraction';
  return 'a number';
}
