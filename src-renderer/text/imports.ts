import { count } from '../state/words.ts';

export const imports = {
  looking: 'Looking for servers your clients have',
  title: (amount: number, places: string) => `${count(amount, 'server')} in ${places}`,
  more: (amount: number) => `${amount} more`,
  hint: 'The same service under two names becomes one connector with two profiles. Secrets leave the files for your vault.',
  banner: 'They can become profiles as they are, with nothing typed.',
  show: 'Show them',
  choose: (id: string) => `Bring in ${id}`,
  profiles: (amount: number) => count(amount, 'profile'),
  classOf: (id: string) => `Class of ${id}`,
  guessed: 'guessed from the name',
  from: (name: string, title: string) => `${name} in ${title}`,
  known: 'A profile does the same already; only the entry goes.',
  moves: (amount: number, noun: 'token' | 'secret', place: string) =>
    `${count(amount, noun)} ${amount === 1 ? 'moves' : 'move'} to ${place}`,
  noSecret: 'no secret',
  places: { keychain: 'your keychain', vault: 'your vault' },
  stays: 'What stays where it is',
  unread: (title: string) => `${title} could not be read`,
  files: (amount: number) =>
    amount === 0
      ? 'No file is changed.'
      : `${count(amount, 'file')} ${amount === 1 ? 'is' : 'are'} rewritten. A copy of each is kept, tokens included, so that Undo puts back every byte.`,
  run: (amount: number) => `Bring in ${count(amount, 'server')}`,
  running: 'Bringing in…',
  progress: 'Each server is started once. That takes a few seconds.',
  nothingChosen: 'choose a server first',
  done: (amount: number) => `${count(amount, 'profile')} brought in`,
  noneDone: 'Nothing was brought in',
  tools: (amount: number) => count(amount, 'tool'),
  notYet: (problem: string) => `does not answer yet: ${problem}`,
  open: 'Open',
  failed: (name: string) => `${name} stays where it was`,
  changed: (amount: number) =>
    amount === 0
      ? ''
      : `${count(amount, 'client')} ${amount === 1 ? 'leads' : 'lead'} to Nucleus now. Restart ${amount === 1 ? 'it' : 'them'} once.`,
  last: (amount: number, when: string) => `${count(amount, 'profile')} brought in ${when}.`,
  undo: 'Undo',
  undoing: 'Undoing…',
  undoLabel: 'Undo the import',
  undone: (removed: number, restored: number) =>
    `Undone: ${count(removed, 'profile')} gone, ${count(restored, 'file')} as before.`,
  merged: (files: readonly string[]) =>
    `${files.join(', ')} had been written to since: the old entries are back, the rest was kept.`,
  noClass: (id: string, why: string) => `${id} is there, but has no class yet: ${why}`,
} as const;
