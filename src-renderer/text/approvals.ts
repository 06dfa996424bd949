import { count } from '../state/words.ts';

export const approvals = {
  waiting: 'Waiting',
  empty: 'Nothing waits for you',
  emptyHint: 'Guarded calls show up here and as a notification.',
  loading: 'Loading approvals',
  wantsToRun: 'wants to run',
  // ui.md has another sentence for servers that keep silent; what the server says does not reach this window yet.
  effect: 'Nucleus does not know whether this writes. Treat it as if it does.',
  arguments: 'Arguments, complete',
  argumentsLabel: 'Arguments',
  what: 'What is asked',
  noArguments: 'It is called without arguments.',
  countsAsNo: (left: string) => `counts as no in ${left}`,
  deny: 'Deny',
  allow: 'Allow once',
  denying: 'Denying…',
  allowing: 'Allowing…',
  tooFast: 'Answered within half a second, so it was not counted. Read it once more.',
  over: (client: string) => `That question was over, so the answer was not counted. ${client} was told.`,
  expired: (minutes: string, client: string) => `Counted as no after ${minutes}. ${client} was told.`,
  elsewhere: 'That question is over. It was answered elsewhere or withdrawn.',
  scroll: 'Scroll to the end of the arguments to allow.',
  showAll: (amount: number) => `Show all ${count(amount, 'line')}`,
} as const;
