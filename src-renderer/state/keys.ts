import type { AppSettings } from '../../src-shared/contract.ts';
import { text } from '../text.ts';

/** What a key does; the acts of lists are done by the lists themselves. */
export type KeyAct = `view:${AppSettings['view']}` | keyof typeof text.keys.acts;

export type KeyPlace = keyof typeof text.keys.places;

/** `command` is ⌘ on macOS and Ctrl elsewhere. */
export interface Combo {
  readonly key: string;
  readonly command?: true;
  readonly shift?: true;
  readonly alt?: true;
}

export interface Key {
  readonly act: KeyAct;
  readonly place: KeyPlace;
  readonly combos: readonly Combo[];
}

/** Every key there is: the handlers, the sheet of keys and the labels in the palette read this one table. */
export const keys: readonly Key[] = [
  { act: 'palette', place: 'anywhere', combos: [{ key: 'k', command: true }] },
  ...(['profiles', 'approvals', 'activity', 'policy', 'tools', 'clients', 'doctor'] as const).map(
    (view, index): Key => ({
      act: `view:${view}`,
      place: 'anywhere',
      combos: [{ key: String(index + 1), command: true }],
    }),
  ),
  { act: 'view:settings', place: 'anywhere', combos: [{ key: ',', command: true }] },
  { act: 'find', place: 'anywhere', combos: [{ key: '/' }, { key: 'f', command: true }] },
  { act: 'add', place: 'anywhere', combos: [{ key: 'n', command: true }] },
  { act: 'undo', place: 'anywhere', combos: [{ key: 'z', command: true }] },
  { act: 'lock', place: 'anywhere', combos: [{ key: 'l', command: true, shift: true }] },
  { act: 'next-pane', place: 'anywhere', combos: [{ key: 'F6' }] },
  { act: 'previous-pane', place: 'anywhere', combos: [{ key: 'F6', shift: true }] },
  { act: 'close', place: 'anywhere', combos: [{ key: 'w', command: true }] },
  { act: 'keys', place: 'anywhere', combos: [{ key: '?' }] },
  { act: 'leave', place: 'anywhere', combos: [{ key: 'Escape' }] },
  { act: 'walk', place: 'list', combos: [{ key: 'ArrowUp' }, { key: 'ArrowDown' }] },
  { act: 'ends', place: 'list', combos: [{ key: 'Home' }, { key: 'End' }] },
  { act: 'open', place: 'list', combos: [{ key: 'Enter' }] },
  { act: 'copy', place: 'list', combos: [{ key: 'c', command: true }] },
  { act: 'deny', place: 'question', combos: [{ key: 'd' }] },
  { act: 'allow', place: 'question', combos: [{ key: 'Enter', command: true }] },
  { act: 'grant', place: 'question', combos: [{ key: 'Enter', command: true, alt: true }] },
  { act: 'next-question', place: 'question', combos: [{ key: 'j' }] },
  { act: 'previous-question', place: 'question', combos: [{ key: 'k' }] },
];

/** A press of a key, as far as it matters; fits KeyboardEvent. */
export interface Press {
  readonly key: string;
  /** The place of the key on the keyboard, whatever is printed on it. */
  readonly code: string;
  readonly metaKey: boolean;
  readonly ctrlKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** What a press means there; null for nothing. */
export function actOf(press: Press, isMac: boolean, place: KeyPlace): KeyAct | null {
  const fits = ({ place: where, combos }: Key): boolean =>
    where === place && combos.some((combo) => isPressed(combo, press, isMac));
  return keys.find(fits)?.act ?? null;
}

/** The keys of an act as a person's keyboard shows them, and as aria-keyshortcuts wants them. */
export function keysOf(act: KeyAct, isMac: boolean): { readonly aria: string; readonly shown: string } {
  const combos = keys.find((key) => key.act === act)?.combos ?? [];
  return {
    aria: combos.map((combo) => ariaOf(combo, isMac)).join(' '),
    shown: combos.map((combo) => shownKeys(combo, isMac)).join(' '),
  };
}

/** `⇧⌘L`, elsewhere `Ctrl ⇧L`. */
export function shownKeys({ key, command, shift, alt }: Combo, isMac: boolean): string {
  const names: Readonly<Record<string, string>> = text.keys.names;
  const name = names[key.toLowerCase()] ?? (key.length === 1 ? key.toUpperCase() : key);
  if (isMac) return `${alt ? '⌥' : ''}${shift ? '⇧' : ''}${command ? '⌘' : ''}${name}`;
  return `${command ? 'Ctrl ' : ''}${alt ? 'Alt ' : ''}${shift ? '⇧' : ''}${name}`;
}

/** What an act is called. */
export function actWord(act: KeyAct): string {
  if (act.startsWith('view:')) return text.app[act.slice('view:'.length) as AppSettings['view']];
  return text.keys.acts[act as keyof typeof text.keys.acts];
}

function ariaOf({ key, command, shift, alt }: Combo, isMac: boolean): string {
  return [
    ...(command ? [isMac ? 'Meta' : 'Control'] : []),
    ...(alt ? ['Alt'] : []),
    ...(shift ? ['Shift'] : []),
    key.length === 1 ? key.toUpperCase() : key,
  ].join('+');
}

function isPressed(combo: Combo, press: Press, isMac: boolean): boolean {
  const isCommand = isMac ? press.metaKey : press.ctrlKey;
  const isOther = isMac ? press.ctrlKey : press.metaKey;
  if (isOther || isCommand !== (combo.command ?? false) || press.altKey !== (combo.alt ?? false))
    return false;
  // On many keyboards `/` and `?` need Shift, and D is D with it or without.
  const isPrinted = combo.key.length === 1 && !combo.command;
  if (!isPrinted && press.shiftKey !== (combo.shift ?? false)) return false;
  return isSameKey(combo.key, press);
}

/** By what is printed on the key; a digit that needs Shift, and a letter of a script without ours, by its place. */
function isSameKey(key: string, press: Press): boolean {
  if (press.key.toLowerCase() === key.toLowerCase()) return true;
  if (/^\d$/.test(key)) return press.code === `Digit${key}`;
  const isForeign = press.key.length === 1 && press.key > '\u007f';
  return isForeign && /^[a-z]$/.test(key) && press.code === `Key${key.toUpperCase()}`;
}
