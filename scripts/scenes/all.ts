import { activityScenes } from './activity.ts';
import { addScenes } from './add.ts';
import { approvalsScenes } from './approvals.ts';
import { clientsScenes } from './clients.ts';
import { doctorScenes } from './doctor.ts';
import { firstRunScenes } from './first-run.ts';
import { paletteScenes } from './palette.ts';
import { policyScenes } from './policy.ts';
import { popoverScenes } from './popover.ts';
import { profilesScenes } from './profiles.ts';
import type { Scene } from './scene.ts';
import { settingsScenes } from './settings.ts';
import { signInScenes } from './sign-in.ts';
import { toolsScenes } from './tools.ts';

/** Every picture of the app, view by view. */
export const scenes: readonly Scene[] = [
  ...profilesScenes,
  ...addScenes,
  ...signInScenes,
  ...approvalsScenes,
  ...activityScenes,
  ...policyScenes,
  ...toolsScenes,
  ...clientsScenes,
  ...doctorScenes,
  ...settingsScenes,
  ...firstRunScenes,
  ...popoverScenes,
  ...paletteScenes,
];

/** The picture that shows a view in a state. */
export const states: Readonly<Record<string, Readonly<Record<State, string>>>> = {
  profiles: row('profiles', { empty: 'none', error: 'broken', locked: 'all-locked' }),
  add: row('add', { empty: 'not-found', error: 'sqlite-problem' }),
  'sign-in': row('sign-in', { empty: 'needed', loading: 'again', error: 'refused', full: 'same' }),
  approvals: row('approvals', { empty: 'none' }),
  activity: row('activity', { empty: 'none', error: 'failing' }),
  policy: row('policy', { empty: 'none' }),
  tools: row('tools', { empty: 'none', error: 'unlisted' }),
  clients: row('clients', { empty: 'none' }),
  doctor: row('doctor', { empty: 'fine' }),
  settings: row('settings', { empty: 'plain' }),
  'first-run': row('first-run', { empty: '', error: 'refused', full: 'found' }),
  popover: row('popover', { error: 'failing' }),
  palette: row('palette', { empty: 'nothing', error: 'failed' }),
};

type State = 'empty' | 'loading' | 'error' | 'offline' | 'locked' | 'full';

/** A picture is called after its view and state, unless it says more: `error` is "broken" then. */
function row(view: string, named: Partial<Record<State, string>>): Record<State, string> {
  const of = (state: State, usual: string = state): string =>
    [view, named[state] ?? usual].filter((word) => word !== '').join('-');
  return {
    empty: of('empty'),
    loading: of('loading'),
    error: of('error', 'broken'),
    offline: of('offline'),
    locked: of('locked'),
    full: of('full', ''),
  };
}
