export const env = {
  label: 'Class',
  words: { prod: 'Prod', staging: 'Staging', dev: 'Dev', personal: 'Personal', unset: 'No class' },
  /** In place of the rules of a class, where there is no policy.toml. */
  rules: {
    prod: 'What writes asks a person.',
    staging: 'What destroys asks a person.',
    dev: 'Everything is allowed.',
    personal: 'Everything is allowed.',
    unset: 'Only what policy.toml says.',
  },
  chooseOne: 'choose a class',
  hint: 'How much depends on it. Prod asks before it writes, Staging before it destroys.',
  guessed: 'Guessed from the name. Prod asks before it writes, Staging before it destroys.',
  needed: 'Choose one, or No class.',
  ask: 'It has no class, so only policy.toml judges what is done with it.',
  now: (word: string) => `The class is ${word} now:`,
  nowSaid: (id: string, word: string) => `${id} is ${word} now.`,
} as const;
