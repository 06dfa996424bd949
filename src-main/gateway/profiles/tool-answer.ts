import type { Choice } from '../../../src-shared/model.ts';
import { escapeHidden } from '../config/plain-text.ts';
import { isObject, type Params } from '../wire/frame.ts';
import type { DiscoverRule, IdentityRule } from './rule-schema.ts';

/* Reads what a tool answered by the rules of a manifest. The answers come from outside: they are text to show, no more. */

/** More than a person can choose from. */
const maxRows = 1_000;
const maxShown = 200;
const maxIdLength = 256;

/** The choices an answer offers, in its order; rows without an id are none. */
export function readChoices(
  result: Params,
  rule: Pick<DiscoverRule, 'list' | 'id' | 'label' | 'hints' | 'hide_hint'>,
): Choice[] {
  const choices = rowsOf(valueOf(result), rule).flatMap((row): Choice[] => {
    const id = scalarAt(row, rule.id);
    if (id === null || id.length > maxIdLength || escapeHidden(id) !== id) return [];
    const hints = rule.hints.flatMap((pointer) => scalarAt(row, pointer) ?? []);
    return [
      {
        id,
        label: shown(scalarAt(row, rule.label) ?? id),
        hint: shown(hints.filter((hint) => hint !== '' && !rule.hide_hint.includes(hint)).join(' · ')),
      },
    ];
  });
  return choices.filter(({ id }, index) => choices.findIndex((other) => other.id === id) === index);
}

/** Who a profile is, as one rule finds it; null where the answer names nobody. */
export interface Identity {
  readonly subject: string | null;
  readonly tenant: string | null;
  readonly label: string | null;
  readonly email: string | null;
  /** What it names when that is no person. */
  readonly what: string | null;
  /** Everything the grant covers, where that is a list. */
  readonly tenants: readonly string[];
}

export function readIdentity(result: Params, rule: IdentityRule): Identity | null {
  const answer = valueOf(result);
  for (const [pointer, wanted] of Object.entries(rule.require))
    if (at(answer, pointer) !== wanted) return null;
  const rows = rule.list === null ? [answer] : rowsOf(answer, { list: rule.list, id: rule.tenant ?? '/id' });
  const read = (pointer: string | null): string | null => {
    const value = pointer === null ? null : scalarAt(rows[0], pointer);
    return value === null ? null : shown(value);
  };
  const subject = read(rule.subject);
  const tenant = read(rule.tenant);
  if (subject === null && tenant === null) return null;
  const tenants = rule.tenant === null ? [] : rows.flatMap((row) => scalarAt(row, rule.tenant ?? '') ?? []);
  return {
    subject,
    tenant,
    label: read(rule.label),
    email: read(rule.email),
    what: rule.what,
    tenants: tenants.map(shown),
  };
}

/** What a tool answered as data: what it calls structured, else the first text that holds JSON, with words around it or not. */
export function valueOf(result: Params): unknown {
  const structured = result['structuredContent'];
  if (structured !== undefined && structured !== null) return structured;
  const content = Array.isArray(result['content']) ? (result['content'] as unknown[]) : [];
  for (const block of content) {
    const value = isObject(block) && typeof block['text'] === 'string' ? parseIn(block['text']) : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Where rows stand when a manifest does not say, or a server answers in another form than it used to. */
const usualLists = ['projects', 'data', 'result', 'items', 'results'];

function rowsOf(
  value: unknown,
  { list, id }: { readonly list: string | null; readonly id: string },
): readonly unknown[] {
  const hasId = (row: unknown): boolean => scalarAt(row, id) !== null;
  const named = list === null ? undefined : at(value, list);
  if (Array.isArray(named)) return named.slice(0, maxRows) as unknown[];
  if (Array.isArray(value)) return value.slice(0, maxRows) as unknown[];
  if (!isObject(value)) return [];
  const usual = usualLists.map((key) => value[key]).find((rows) => Array.isArray(rows));
  if (usual) return (usual as unknown[]).slice(0, maxRows);
  if (hasId(value)) return [value];
  return nestedRows(value, hasId, 4).slice(0, maxRows);
}

function nestedRows(value: unknown, hasId: (row: unknown) => boolean, depth: number): readonly unknown[] {
  if (depth === 0 || typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value) && value.some(hasId)) return value as unknown[];
  for (const inner of Object.values(value)) {
    const rows = nestedRows(inner, hasId, depth - 1);
    if (rows.length > 0) return rows;
  }
  return [];
}

function scalarAt(value: unknown, pointer: string): string | null {
  const found = at(value, pointer);
  if (typeof found === 'string') return found === '' ? null : found;
  return typeof found === 'number' || typeof found === 'bigint' ? String(found) : null;
}

/** RFC 6901. */
function at(value: unknown, pointer: string): unknown {
  let found = value;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

function parseIn(text: string): unknown {
  const whole = parseJson(text);
  if (whole !== undefined) return whole;
  // Servers put words around data from outside, to tell the model so.
  for (const [open, close] of ['[]', '{}'].sort((a, b) => firstOf(text, a) - firstOf(text, b))) {
    const start = text.indexOf(open ?? '');
    const end = text.lastIndexOf(close ?? '');
    const inner = start === -1 || end < start ? undefined : parseJson(text.slice(start, end + 1));
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function firstOf(text: string, [open = '']: string): number {
  const index = text.indexOf(open);
  return index === -1 ? Infinity : index;
}

/** A word alone is JSON too, and no data. */
function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // Not JSON: the caller looks further.
    return undefined;
  }
}

function shown(text: string): string {
  const plain = escapeHidden(text);
  return plain.length > maxShown ? `${plain.slice(0, maxShown - 1)}…` : plain;
}
