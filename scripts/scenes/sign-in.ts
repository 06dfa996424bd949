import * as data from '../shots-data.ts';
import * as signIn from '../shots-sign-in.ts';
import { choose, narrow, press, small, wideFont, type Scene } from './scene.ts';

export const signInScenes: readonly Scene[] = [
  ...small({ name: 'sign-in-needed', answers: signIn.accounts, act: (page) => choose(page, /^team/) }),
  ...small({ name: 'sign-in-same', answers: signIn.accounts, act: (page) => choose(page, /^personal/) }),
  {
    name: 'sign-in-long',
    answers: signIn.accounts,
    act: (page) => choose(page, /^enterprise/),
  },
  {
    name: 'sign-in-long-wide-font',
    answers: signIn.accounts,
    size: { width: 640, height: 420 },
    act: (page) => page.evaluate(wideFont).then(() => choose(page, /^enterprise/)),
  },
  {
    name: 'sign-in-again',
    answers: signIn.accounts,
    act: async (page) => {
      await choose(page, /^prod.*ops/);
      await press(page, 'Sign in again');
      await page.getByText('Waiting for you').waitFor();
    },
  },
  {
    name: 'sign-in-other',
    answers: { ...signIn.accounts, 'signIn.wait': signIn.turnedAway },
    act: async (page) => {
      await choose(page, /^prod.*ops/);
      await press(page, 'Sign in again');
      await page.getByText('This is dana').waitFor();
    },
  },
  {
    name: 'sign-in-refused',
    answers: { ...signIn.accounts, 'signIn.wait': signIn.refused },
    act: async (page) => {
      await choose(page, /^prod.*ops/);
      await press(page, 'Sign in again');
      await page.getByText('Nobody signed in').waitFor();
    },
  },
  {
    name: 'sign-in-offline',
    answers: { ...signIn.accounts, 'signIn.wait': signIn.offline },
    act: async (page) => {
      await choose(page, /^prod.*ops/);
      await press(page, 'Sign in again');
      await page.getByText('cannot be reached').waitFor();
    },
  },
  {
    name: 'sign-in-locked',
    answers: {
      ...signIn.accounts,
      'gateway.status': { ...(signIn.accounts['gateway.status'] as object), lockedAt: data.now - 7_000 },
    },
    act: (page) => choose(page, /^team/),
  },
  ...narrow([{ name: 'sign-in-needed', answers: signIn.accounts, act: (page) => choose(page, /^team/) }]),
];
