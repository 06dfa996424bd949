import { isObject, type Params } from '../wire/frame.ts';

/* How the parser writes a tree: `{ SelectStmt: { targetList: [{ ResTarget: {…} }] } }`. */

export function namesOf(list: unknown): string[] {
  return listOf(list).flatMap((item) => {
    const [name, { sval }] = nodeOf(item);
    return name === 'String' && typeof sval === 'string' ? [sval] : [];
  });
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** `{ SelectStmt: {…} }` taken apart. */
export function nodeOf(value: unknown): readonly [name: string, body: Params] {
  const [name, body] = (isObject(value) ? Object.entries(value)[0] : undefined) ?? ['', {}];
  return [name, isObject(body) ? body : {}];
}
