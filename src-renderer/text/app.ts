import { count } from '../state/words.ts';

export const app = {
  views: 'Views',
  profiles: 'Profiles',
  approvals: 'Approvals',
  activity: 'Activity',
  clients: 'Clients',
  doctor: 'Doctor',
  tools: 'Tools',
  policy: 'Policy',
  settings: 'Settings',
  waiting: (amount: number) => `${count(amount, 'approval')} waiting`,
  theme: 'Theme',
  themes: { system: 'System', light: 'Light', dark: 'Dark' },
  gatewayOn: 'Gateway on',
  gatewayUnknown: 'Asking the gateway',
  gatewayOff: 'Gateway does not answer',
  firstRunLeft: (done: number) => `${done} of 3 steps done`,
  close: 'Close',
  cancel: 'Cancel',
  tryAgain: 'Try again',
  stopWaiting: 'Stop waiting',
  copied: 'Copied.',
} as const;

export const problems = {
  locked: 'The vault is locked, so no profile with a secret can sign in',
  connector: (name: string) => `Connector ${name} cannot be used`,
  doctor: 'Open Doctor',
} as const;
