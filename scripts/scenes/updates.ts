import type { Updates } from '../../src-shared/updates.ts';
import { now, settings, type Answers } from '../shots-data.ts';
import type { Scene } from './scene.ts';

/* What npm run shots shows of newer versions: in Settings, and at the foot of the popover. */

const last = { at: now - 3_600_000, problem: null, nextAt: now + 23 * 3_600_000 };
const newer = { version: '1.2.3', page: 'https://nucleus.invalid/nucleus/nucleus/releases/latest' };
const knows = (change: Partial<Updates>): Answers => ({
  'settings.get': {
    ...settings,
    view: 'settings',
    updates: { isOn: true, isLooking: false, newer: null, last, ...change },
  },
});
const failed = { ...last, problem: 'api.nucleus.invalid did not answer within 10 s' };
const narrow = { width: 640, height: 420 };

export const found = knows({ newer });

export const updateScenes: readonly Scene[] = [
  { name: 'settings-update', answers: found },
  { name: 'settings-update-none', answers: knows({}) },
  { name: 'settings-update-looking', answers: knows({ isLooking: true, last: null }) },
  { name: 'settings-update-failed', answers: knows({ last: failed }) },
  { name: 'settings-update-failed-small', answers: knows({ newer, last: failed }), size: narrow },
];
