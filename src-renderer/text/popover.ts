import { count } from '../state/words.ts';

export const popover = {
  title: 'Nucleus',
  openWindow: 'Open the window',
  lock: 'Lock everything',
  question: 'Approval waiting',
  waited: (time: string) => `waiting ${time}`,
  more: (amount: number) => count(amount, 'more waits', 'more wait'),
  deny: 'Deny',
  review: 'Review and answer',
  profiles: 'Profiles',
  group: (title: string) => `${title}: default profile`,
  isDefault: 'default',
  actionsOf: (id: string) => `Actions for ${id}`,
  copyPrefix: 'Copy tool prefix',
  signIn: 'Sign in…',
  open: 'Open',
  none: 'No profile yet',
  noneHint: 'A profile is one account of one service.',
  loading: 'Loading profiles',
  newer: (version: string) => `Version ${version} is there`,
  openSettings: 'Open settings',
  add: 'Add profile',
  facts: (clients: number | null, calls: number | null) =>
    [
      ...(clients === null ? [] : [count(clients, 'client')]),
      ...(calls === null ? [] : [`${count(calls, 'call')} today`]),
    ].join(', '),
} as const;
