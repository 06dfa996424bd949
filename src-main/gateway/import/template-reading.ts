import { holesOf } from '../profiles/template.ts';

/** What the holes of templates must have held to give the texts that were read. */
export interface Caught {
  readonly metadata: Map<string, string>;
  readonly secrets: Map<string, string>;
  /** Where each secret stood. */
  readonly places: Map<string, string>;
}

export function createCaught(): Caught {
  return { metadata: new Map(), secrets: new Map(), places: new Map() };
}

/** Reads a template backwards: whether it can have given the text, and with what in its holes. */
export function readBack(
  template: string,
  text: string,
  caught: Caught,
  options: { readonly readOnly: boolean; readonly place: string; readonly part?: 'path' | 'all' },
): boolean {
  const holes = holesOf(template);
  const inside = options.part === 'path' ? '([^/?#]+?)' : '(.+?)';
  const pattern = template
    .split(/\{\{.*?\}\}/s)
    .map(escaped)
    .join(inside);
  const match = new RegExp(`^${pattern}$`, 's').exec(text);
  if (!match) return false;
  return holes.every((hole, index) => {
    const value = match[index + 1] ?? '';
    if (hole.kind === 'read_only') return value === String(options.readOnly);
    if (hole.kind === 'metadata') return keep(caught.metadata, hole.key, value);
    caught.places.set(hole.name, options.place);
    return keep(caught.secrets, hole.name, value);
  });
}

/** Whether a template always gives the same text. */
export function isLiteral(template: string): boolean {
  return holesOf(template).every(({ kind }) => kind === 'read_only');
}

/** The same hole cannot have held two things. */
function keep(caught: Map<string, string>, name: string, value: string): boolean {
  const before = caught.get(name);
  caught.set(name, value);
  return before === undefined || before === value;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
