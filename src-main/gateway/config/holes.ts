import type { Finding } from './problem.ts';
import { formatPath, pathId, type KeyPath } from './key-path.ts';

/** A document with the variables it names put in, and which values got one. */
export interface Filled {
  readonly value: unknown;
  readonly problems: readonly Finding[];
  /** Names of the variables a value was filled from, by `pathId`. */
  readonly names: ReadonlyMap<string, readonly string[]>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const hole = /\{\{(.*?)\}\}/gs;
const variable = /^\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*$/;
/** What is shown of a hole nobody understands. */
const shownLength = 40;

/** Fills every `{{ env.NAME }}` in the texts of a parsed document. What a variable holds is not looked at again. */
export function fillHoles(document: unknown, env: Environment): Filled {
  const problems: Finding[] = [];
  const names = new Map<string, readonly string[]>();

  const fillText = (text: string, path: KeyPath): string => {
    const refuse = (what: string): void =>
      void problems.push({ path, sentence: `${formatPath(path)} ${what}` });
    const outside = text.split(hole).filter((_, index) => index % 2 === 0);
    if (outside.some((part) => part.includes('{{'))) refuse('has a {{ without its }}; write {{ env.NAME }}');
    const used: string[] = [];
    const filled = text.replace(hole, (whole, inside: string) => {
      const name = variable.exec(inside)?.[1];
      if (name === undefined) {
        refuse(`has ${whole.slice(0, shownLength)}, and only {{ env.NAME }} can be filled in`);
        return whole;
      }
      used.push(name);
      const value = Object.hasOwn(env, name) ? env[name] : undefined;
      if (value !== undefined) return value;
      refuse(
        `needs the variable ${name}, which is not set for the gateway; set it where the gateway is started by hand, or write the value here`,
      );
      return whole;
    });
    if (used.length > 0) names.set(pathId(path), used);
    return filled;
  };

  const fill = (value: unknown, path: KeyPath): unknown => {
    if (typeof value === 'string') return value.includes('{{') ? fillText(value, path) : value;
    if (Array.isArray(value)) return value.map((item, index) => fill(item, [...path, index]));
    if (!isTable(value)) return value;
    // Without a prototype, as the parser makes tables: a key may have any name.
    const table = Object.create(null) as Record<string, unknown>;
    for (const [key, item] of Object.entries(value)) table[key] = fill(item, [...path, key]);
    return table;
  };

  return { value: fill(document, []), problems, names };
}

/** The variables a file's text may ask for; for whoever starts a gateway that will read it. */
export function variablesNamedIn(text: string): readonly string[] {
  const names = [...text.matchAll(hole)].map(([, inside = '']) => variable.exec(inside)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))];
}

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Date);
}
