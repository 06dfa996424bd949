import type { HostStatus } from '../../src-shared/contract.ts';
import { text } from '../text.ts';
import type { StateWord } from './upstream-words.ts';

/** How our entry in a host's file is doing: a glyph and a word. */
export function hostWord(host: HostStatus): StateWord {
  const words = text.host.states;
  switch (host.state) {
    case 'connected':
      return { word: words.connected, icon: 'okc', tone: 'ok' };
    case 'missing':
      return isWiped(host)
        ? { word: words.wiped, icon: 'warn', tone: 'warn' }
        : { word: words.missing, icon: 'clients', tone: 'plain' };
    case 'changed':
      return { word: words.changed, icon: 'warn', tone: 'warn' };
    case 'not-installed':
      return { word: words['not-installed'], icon: 'block', tone: 'plain' };
    case 'unreadable':
      return { word: words.unreadable, icon: 'badc', tone: 'bad' };
  }
}

/** Its entry was there with a person's yes and is gone now. */
export function isWiped(host: HostStatus): boolean {
  return host.consented && host.state === 'missing';
}
