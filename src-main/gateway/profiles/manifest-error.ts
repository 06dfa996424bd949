import * as z from 'zod';
import { NucleusError } from '../../../src-shared/errors.ts';
import { formatPath, type KeyPath } from '../config/key-path.ts';
import { nearest } from '../config/nearest.ts';
import { locateKeys } from '../config/positions.ts';
import type { ManifestSource } from './manifest.ts';
import { Schema1 } from './manifest-schema.ts';

/** What is needed to say where in a file something is wrong. */
export interface ManifestText extends ManifestSource {
  readonly text: string;
  /** The variant that is looked at, whose keys may stand in its own table or above. */
  readonly variant?: string;
}

/** CONNECTOR_INVALID with the key, its place in the file, and what to do. */
export function invalid(source: ManifestText, key: string, message: string, fix: string): NucleusError {
  const position = positionOf(source, pathOfKey(key));
  const place = position ? `${source.file}:${position.line}:${position.column}` : source.file;
  return new NucleusError('CONNECTOR_INVALID', message, {
    file: source.file,
    connector: source.name,
    key,
    ...(position && { line: position.line, column: position.column }),
    fix: `${fix} (${place})`,
  });
}

/** The sentence behind an issue of the schema; an unknown key is told with the one that is likely meant. */
export function invalidIssue(issue: z.core.$ZodIssue | undefined, source: ManifestText): NucleusError {
  if (!issue)
    return invalid(source, '', 'is not a manifest', 'compare it with one of the built-in connectors');
  const prefix = source.variant === undefined ? [] : ['variants', source.variant];
  if (issue.code === 'unrecognized_keys') {
    const key = formatPath([...prefix, ...issue.path, issue.keys[0] ?? '']);
    const known = keysAt(issue.path);
    const near = nearest(issue.keys[0] ?? '', known);
    const hint = near === null ? `the keys here are ${known.join(', ')}` : `did you mean ${near}?`;
    return invalid(source, key, `${key}: unknown key; ${hint}`, `remove ${key} or correct its spelling`);
  }
  const path = formatPath([...prefix, ...issue.path]);
  const message = issue.message.replace(/^Invalid input: /, '');
  return invalid(source, path, `${path}: ${message}`, `correct ${path}`);
}

/** As JSON Schema, for editors; what checks across fields say is not in it. */
export function manifestJsonSchema(): Node {
  const options = { io: 'input', target: 'draft-2020-12', unrepresentable: 'any' } as const;
  return z.toJSONSchema(Schema1, options) as Node;
}

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node;
  readonly anyOf?: readonly Node[];
}

function keysAt(path: KeyPath): readonly string[] {
  let at: Node | undefined = manifestJsonSchema();
  for (const part of path)
    at = typeof part === 'number' ? at?.items : (at?.properties?.[String(part)] ?? at?.additionalProperties);
  return Object.keys(at?.properties ?? {});
}

/** `discover[0].field` as a path. */
function pathOfKey(key: string): KeyPath {
  return [...key.matchAll(/\[(\d+)\]|"((?:[^"\\]|\\.)*)"|([^.[\]"]+)/g)].map(([, index, quoted, plain]) =>
    index === undefined ? (quoted ?? plain ?? '') : Number(index),
  );
}

/** Of the key, else of the nearest table around it; a key of a variant may stand in what it is laid over. */
function positionOf(
  { text, variant }: ManifestText,
  path: KeyPath,
): ReturnType<ReturnType<typeof locateKeys>> {
  const locate = locateKeys(text);
  const least = variant === undefined ? 0 : 2;
  const inherited = variant === undefined ? null : locate(path.slice(2));
  if (inherited && !locate(path)) return inherited;
  for (let length = path.length; length > least; length -= 1) {
    const position = locate(path.slice(0, length));
    if (position) return position;
  }
  return variant === undefined ? null : locate(path.slice(0, 2));
}
