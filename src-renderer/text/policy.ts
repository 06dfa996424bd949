import { count } from '../state/words.ts';

export const policy = {
  show: 'Open Policy',
  loading: 'Loading the policy',
  layouts: { table: 'Table', split: 'Split', toml: 'TOML' },
  layout: 'Show',
  loaded: (time: string, rules: number) => `Loaded ${time}, ${count(rules, 'rule')}`,
  states: { pending: 'Change not accepted', invalid: 'Has a mistake', none: 'No policy.toml' },
  table: 'Rules in the order they judge',
  columns: { number: '#', profiles: 'Profiles', tools: 'Tools', does: 'Then', because: 'Because' },
  does: { deny: 'Deny', ask: 'Ask', confirm: 'Phrase', allow: 'Allow' },
  every: 'every',
  everyProfile: 'every profile',
  client: (clients: string) => `client ${clients}`,
  effects: { reads: 'what reads', writes: 'anything that writes', destroys: 'destructive only' },
  and: ', ',
  any: 'any',
  where: (arguments_: string) => `where ${arguments_}`,
  rest: 'everything else',
  restBecause: 'No rule above matched',
  restReads: 'Only what reads, until the mistake is mended',
  openRule: (number: number) => `Rule ${number}, show its TOML`,
  ruleAt: (number: number, line: number) => `Rule ${number}, policy.toml line ${line}`,
  ruleOfClass: (number: number) => `Rule ${number} is one of its class, not of policy.toml.`,
  open: 'Open',
  pending: {
    short: 'policy.toml allows more than what you accepted',
    title: 'policy.toml allows more than what you accepted.',
    gone: 'policy.toml is gone, and what you accepted was stricter.',
    text: 'Until you accept it, the stricter of both judges.',
  },
  invalid: {
    short: 'policy.toml has a mistake',
    title: 'policy.toml has a mistake.',
    stays: 'What was accepted last stays in force.',
    none: 'policy.toml has a mistake and there is no earlier version.',
    onlyReads: 'Only reads are allowed until it is mended.',
  },
  place: (line: number, column: number | null) =>
    column === null ? `Line ${line}: ` : `Line ${line}, column ${column}: `,
  showBoth: 'Show both',
  hideBoth: 'Hide both',
  both: 'From what was accepted to what the file says',
  same: 'Both say the same.',
  stay: (amount: number) => `${count(amount, 'line')} that ${amount === 1 ? 'stays' : 'stay'}`,
  openLine: (line: number) => `Open line ${line}`,
  accept: 'Accept change…',
  review: {
    title: 'Let the file judge as it is now?',
    hint: '− is what you accepted, + is what the file says now. After your yes the file alone judges.',
    no: 'Keep what was accepted',
    yes: 'Accept this change',
    busy: 'Accepting…',
  },
  accepted: 'The change is accepted and judges.',
  none: {
    title: 'There is no policy.toml',
    text: 'Classes judge by themselves. A rule of your own can refuse, ask, or let pass what a class would ask.',
    create: 'New policy.toml',
  },
  classes: 'What classes do by themselves',
  editor: {
    label: 'policy.toml',
    save: 'Save',
    saving: 'Saving…',
    discard: 'Discard changes',
    unsaved: 'Not saved. Saving accepts it, too: your click is the yes.',
    saved: 'Saved; it judges from now on.',
    mistakes: (amount: number) => `${count(amount, 'mistake')} to mend first`,
    stale: 'policy.toml changed outside while you edit it.',
    staleText: 'Saving is refused until you have taken what stands there now.',
    take: 'Take what is there now',
    unchecked: 'It could not be checked.',
  },
  tester: {
    title: 'What would happen?',
    profile: 'Profile',
    tool: 'Tool',
    arguments: 'Arguments',
    client: 'Client',
    anyClient: 'Any client',
    hint: 'Nothing is called, nothing is recorded.',
    inTerminal: 'In a terminal:',
    command: 'nucleus policy test',
    copy: 'Copy the command',
    badJson: 'These arguments are no JSON object.',
    empty: 'Name a tool to see what would happen to a call of it.',
    verdicts: {
      allow: 'It passes',
      deny: 'It is refused',
      confirm: 'It takes a phrase',
      approve: 'A person is asked',
    },
    trace: 'How that comes',
  },
  example: `# What agents may do with your accounts, beside what their classes do by themselves:
# prod asks before it writes, staging asks before it destroys.
# A refusal wins over everything, then what asks, then what allows.
# Take the # away from the lines of a rule to make it one.

# [[rule]]
# match = "supabase:prod"             # a profile; * stands for every one
# deny = ["apply_migration"]
# reason = "Schema goes through CI"

# [[rule]]
# profile = "github:*"
# confirm = ["delete_*"]              # asks a person before anything is deleted
# approve = "human"
`,
} as const;
