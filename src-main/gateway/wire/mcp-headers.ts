import { numberText } from './exact.ts';
import { isObject, type Params } from './frame.ts';

/** Header names of the modern era (MCP 2026-07-28, basic/transports/streamable-http, "Standard Request Headers"). */
export const headerNames = {
  version: 'mcp-protocol-version',
  method: 'mcp-method',
  name: 'mcp-name',
  param: 'mcp-param-',
} as const;

const nameFields: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

/** The value Mcp-Name repeats for a request, or null where the method has none. */
export function nameOf(method: string, params: Params | undefined): string | null {
  const field = Object.hasOwn(nameFields, method) ? nameFields[method] : undefined;
  const value = field === undefined ? undefined : params?.[field];
  return typeof value === 'string' ? value : null;
}

const plain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const sentinel = /^=\?base64\?(.*)\?=$/s;
const canonical = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A value as it stands in a header: as it is, or in Base64 where no header could hold it. */
export function encodeHeader(value: string): string {
  return plain.test(value) && !sentinel.test(value)
    ? value
    : `=?base64?${Buffer.from(value).toString('base64')}?=`;
}

/** The value a header stands for; null when its Base64 is none. */
export function decodeHeader(text: string): string | null {
  const trimmed = text.replace(/^[ \t]+|[ \t]+$/g, '');
  const inside = sentinel.exec(trimmed)?.[1];
  if (inside === undefined) return trimmed;
  if (!canonical.test(inside)) return null;
  try {
    return utf8.decode(Buffer.from(inside, 'base64'));
  } catch {
    // Not UTF-8.
    return null;
  }
}

/** An argument that is repeated in a header, so that what stands between can route by it. */
export interface ParamHeader {
  /** Keys from the arguments down to the value. */
  readonly path: readonly string[];
  /** As declared; the header is `Mcp-Param-<name>`. */
  readonly name: string;
}

const annotation = 'x-mcp-header';
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const types = new Set(['string', 'integer', 'boolean']);
const maxDepth = 64;

/**
 * The header parameters a tool's input schema declares ("Schema Extension" of the same page); null when one of them is
 * declared in a way that makes the whole tool invalid.
 */
export function paramHeaders(inputSchema: unknown): readonly ParamHeader[] | null {
  const found: ParamHeader[] = [];
  const names = new Set<string>();

  function visit(node: unknown, path: readonly string[], isReachable: boolean, depth: number): boolean {
    if (depth > maxDepth) return true;
    if (Array.isArray(node)) return node.every((item) => visit(item, path, false, depth + 1));
    if (!isObject(node)) return true;
    if (Object.hasOwn(node, annotation) && !declare(node, path, isReachable)) return false;
    return Object.entries(node).every(([key, child]) => {
      if (key !== 'properties' || !isObject(child)) return visit(child, path, false, depth + 1);
      return Object.entries(child).every(([name, property]) =>
        visit(property, [...path, name], isReachable, depth + 1),
      );
    });
  }

  function declare(node: Params, path: readonly string[], isReachable: boolean): boolean {
    const name = node[annotation];
    if (!isReachable || path.length === 0 || typeof name !== 'string' || !token.test(name)) return false;
    if (typeof node['type'] !== 'string' || !types.has(node['type'])) return false;
    const key = name.toLowerCase();
    if (names.has(key)) return false;
    names.add(key);
    found.push({ path, name });
    return true;
  }

  return visit(inputSchema, [], true, 0) ? found : null;
}

/** The text of an argument that a header repeats; null for one that is not given or has no text. */
export function paramText(args: unknown, path: readonly string[]): string | null {
  let node: unknown = args;
  for (const key of path) node = isObject(node) && Object.hasOwn(node, key) ? node[key] : undefined;
  if (typeof node === 'string') return node;
  if (typeof node === 'boolean') return String(node);
  return typeof node === 'number' && Number.isFinite(node) ? String(node) : (numberText(node) ?? null);
}
