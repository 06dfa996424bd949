import { app, problems } from './text/app.ts';
import { profiles, inspector } from './text/profiles.ts';
import { signIn, pick } from './text/sign-in.ts';
import { add } from './text/add.ts';
import { env } from './text/env.ts';
import { activity, call } from './text/activity.ts';
import { approvals } from './text/approvals.ts';
import { lock } from './text/lock.ts';
import { policy } from './text/policy.ts';
import { clients, host } from './text/clients.ts';
import { doctor } from './text/doctor.ts';
import { imports } from './text/imports.ts';
import { status } from './text/status.ts';
import { surface, tools } from './text/tools.ts';
import { workspaces } from './text/workspaces.ts';
import { settings } from './text/settings.ts';
import { firstRun } from './text/first-run.ts';
import { keys } from './text/keys.ts';
import { palette } from './text/palette.ts';
import { popover } from './text/popover.ts';
import { web } from './text/web.ts';

/** Every text a person reads in the window, keyed by place. Sentence case, present tense, verbs on buttons. */
export const text = {
  app,
  profiles,
  signIn,
  pick,
  inspector,
  env,
  add,
  approvals,
  activity,
  call,
  policy,
  lock,
  status,
  surface,
  tools,
  workspaces,
  settings,
  clients,
  host,
  doctor,
  imports,
  firstRun,
  web,
  problems,
  keys,
  palette,
  popover,
} as const;
