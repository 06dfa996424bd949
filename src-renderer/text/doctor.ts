import { count } from '../state/words.ts';

export const doctor = {
  looking: 'Looking at everything',
  hint: (wrong: number, passed: number) =>
    wrong === 0 ? `${count(passed, 'check')} passed` : `${wrong} to mend, ${passed} passed`,
  again: 'Look again',
  lookingAgain: 'Looking…',
  reach: 'Reach every server',
  reaching: 'Reaching…',
  reachingHint: (amount: number) =>
    `Reaching ${count(amount, 'server')}, up to 10 s each. Leave this view to end it.`,
  report: 'Copy report…',
  reportTitle: 'This is what would be copied. It holds no secrets.',
  reportLabel: 'The report',
  copy: 'Copy',
  hideReport: 'Close',
  fine: 'Nothing to mend',
  fineHint: (amount: number) => `${count(amount, 'check')} passed.`,
  levels: { fail: 'Broken', warn: 'Needs a look', ok: 'Fine' },
  fix: 'Fix',
  fixing: 'Fixing…',
  fixOf: (what: string) => `Fix ${what}`,
  showHow: 'Show how',
  hideHow: 'Hide',
  copyCommand: 'Copy the command',
  fixed: 'fixed just now',
  saidFixed: (what: string) => `${what} is fixed.`,
  stillWrong: (what: string) => `${what} could not be fixed by itself.`,
  passed: (amount: number) => `${count(amount, 'check')} passed`,
  findings: 'What was found',
  facts: 'The gateway and its servers',
} as const;
