export const lock = {
  lock: 'Lock everything',
  locking: 'Locking…',
  unlock: 'Unlock',
  unlocking: 'Unlocking…',
  title: 'Everything is locked',
  said: (when: string) => `Every call is refused and all servers are stopped. Locked by you ${when}.`,
  at: (time: string) => `at ${time}`,
  on: (moment: string) => `on ${moment}`,
  /** Of a button that would start a server. */
  reason: 'everything is locked: unlock it first',
  gateway: 'Locked',
  saidLocked: 'Everything is locked.',
  saidUnlocked: 'Unlocked.',
} as const;
