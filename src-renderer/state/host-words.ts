import type { HostStatus } from '../../src-shared/hosts.ts';
import { text } from '../text.ts';
import type { StateWord } from './upstream-words.ts';
import { ago } from './words.ts';

/** How our entry in a host's file is doing: a glyph and a word. */
export function hostWord(host: HostStatus): StateWord {
  const { states } = text.host;
  if (isWiped(host)) return { word: states.wiped, icon: 'warn', tone: 'warn' };
  const looks: Readonly<Record<HostStatus['state'], Omit<StateWord, 'word'>>> = {
    connected: { icon: 'okc', tone: 'ok' },
    missing: { icon: 'clients', tone: 'plain' },
    changed: { icon: 'warn', tone: 'warn' },
    'not-installed': { icon: 'block', tone: 'plain' },
    unreadable: { icon: 'badc', tone: 'bad' },
  };
  return { word: states[host.state], ...looks[host.state] };
}

/** Its entry was there with a person's yes and is gone now. */
export function isWiped(host: HostStatus): boolean {
  return host.consented && host.state === 'missing';
}

/** Our entry is not in its file, and could be. */
export function isWaiting({ state }: HostStatus): boolean {
  return state === 'missing';
}

/** Connecting would change its file. */
export function isOffered({ state }: HostStatus): boolean {
  return state === 'missing' || state === 'changed';
}

/** What there is to say of a host besides its state, one sentence each. */
export function hostNotes(host: HostStatus, now: number): readonly string[] {
  const isRead = host.state !== 'unreadable' && host.state !== 'not-installed';
  return [
    ...(isWiped(host) ? [text.host.wiped(host.title)] : []),
    ...(host.state === 'changed' && host.duplicates.length === 0 ? [text.host.changed] : []),
    ...(host.repairedAt === null ? [] : [text.host.repaired(ago(host.repairedAt, now))]),
    ...(host.duplicates.length === 0 ? [] : [text.host.duplicates(host.duplicates)]),
    ...(isRead ? [text.host.others(host.others.length)] : []),
  ];
}
