import type { HostStatus } from '../../src-shared/hosts.ts';
import { text } from '../text.ts';
import type { StateWord } from './upstream-words.ts';

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
