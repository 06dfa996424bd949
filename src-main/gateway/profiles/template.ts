import { NucleusError } from '../../../src-shared/errors.ts';

/** A place in a template that a value goes into. */
export type Hole =
  | { readonly kind: 'metadata'; readonly key: string }
  | { readonly kind: 'secret'; readonly name: string }
  | { readonly kind: 'read_only' };

/** What the holes of one profile are filled with. */
export interface TemplateContext {
  readonly metadata: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly readOnly: boolean;
}

/**
 * The template with every hole filled, as one string: no shell ever sees it, so nothing in a value can split it.
 * null when a hole is empty: the entry (an argument, a variable) is left away.
 */
export function expand(template: string, context: TemplateContext): string | null {
  let isComplete = true;
  // One pass: what a value contains is never looked at for holes again.
  const whole = template.replace(holePattern, (text, inside: string) => {
    const value = valueOf(parseHole(text, inside), context);
    if (value === '') isComplete = false;
    if (value.includes('\0'))
      throw new NucleusError(
        'METADATA_INVALID',
        `the value for ${text} contains a NUL character, which no argument or environment variable can hold`,
      );
    return value;
  });
  return isComplete ? whole : null;
}

/** The holes of a template in order; throws CONNECTOR_INVALID on anything in `{{ }}` that is none. */
export function holesOf(template: string): readonly Hole[] {
  const holes = [...template.matchAll(holePattern)].map(([text, inside]) => parseHole(text, inside ?? ''));
  if (template.replace(holePattern, '').includes('{{'))
    throw new NucleusError('CONNECTOR_INVALID', 'a hole is opened with "{{" and never closed with "}}"');
  return holes;
}

const holePattern = /\{\{(.*?)\}\}/gs;

function parseHole(text: string, inside: string): Hole {
  if (inside === 'read_only') return { kind: 'read_only' };
  if (inside === 'secret') return { kind: 'secret', name: 'token' };
  const [, kind, name] = /^(metadata|secret)\.([A-Za-z0-9_-]+)$/.exec(inside) ?? [];
  if (kind === 'metadata' && name) return { kind, key: name };
  if (kind === 'secret' && name) return { kind, name };
  throw new NucleusError(
    'CONNECTOR_INVALID',
    `${text} is not a hole Nucleus knows; write {{metadata.KEY}}, {{secret.NAME}}, {{secret}} or {{read_only}}`,
  );
}

function valueOf(hole: Hole, context: TemplateContext): string {
  if (hole.kind === 'read_only') return String(context.readOnly);
  if (hole.kind === 'secret') return own(context.secrets, hole.name);
  return own(context.metadata, hole.key);
}

/** A key such as `constructor` must not reach into Object.prototype. */
function own(values: Readonly<Record<string, string>>, key: string): string {
  return Object.hasOwn(values, key) ? (values[key] ?? '') : '';
}
