import type { Page } from 'playwright-core';
import { Topic, type AppSettings, type Surface } from '../../src-shared/contract.ts';
import * as clients from '../shots-clients.ts';
import * as data from '../shots-data.ts';
import * as policy from '../shots-policy.ts';

/* What a scene is, and what the scenes of several views share. */

export interface Scene {
  readonly name: string;
  /** Which page; the window when it is left out. */
  readonly page?: 'popover.html';
  readonly answers?: data.Answers;
  readonly size?: { readonly width: number; readonly height: number };
  readonly zoom?: number;
  readonly forcedColors?: boolean;
  readonly act?: (page: Page) => Promise<unknown>;
}

/** A scene at the usual size of the window and at its least. */
export function small(scene: Scene): Scene[] {
  return [scene, { ...scene, name: `${scene.name}-small`, size: { width: 640, height: 420 } }];
}

/** The narrowest a page may get: half a small screen, or a usual one at 250 %. */
export function narrow(list: readonly Scene[]): Scene[] {
  return list.map((scene) => ({ ...scene, name: `${scene.name}-360px`, size: { width: 360, height: 640 } }));
}

/** As most keep the window, and what a person sees who needs everything twice as large. */
export function wideAndLarge(scene: Scene): Scene[] {
  return [
    { ...scene, name: `${scene.name}-1100px`, size: { width: 1100, height: 720 } },
    { ...scene, name: `${scene.name}-200-percent`, zoom: 2 },
  ];
}

export const on = (view: AppSettings['view']): data.Answers => ({
  'settings.get': { ...data.settings, view },
});

export const failing = (code: string, message: string, more: object = {}): unknown => ({
  $error: { code, message, data: more },
});

export const quiet = { waiting: [], answered: [] };

export const wiped: data.Answers = {
  'hosts.list': [clients.dropped],
};

export const locked: data.Answers = {
  'gateway.status': {
    ...data.status,
    vault: {
      state: 'locked',
      backend: null,
      records: 0,
      reason:
        'there is no keychain here and no passphrase was given; set NUCLEUS_VAULT_PASSPHRASE_FILE and start again',
    },
    upstreams: data.status.upstreams.map((one) =>
      one.profile.startsWith('github') ? { ...one, state: 'locked' } : one,
    ),
  },
};

export const nothing: data.Answers = {
  'profiles.list': [],
  'approvals.list': quiet,
  'approvals.grants': [],
  'gateway.status': {
    ...data.status,
    upstreams: [],
    clients: [],
    vault: { ...data.status.vault, records: 0 },
  },
  'hosts.list': [{ ...clients.dropped, consented: false }],
};

export const everythingLocked: data.Answers = {
  'approvals.list': { waiting: [], answered: policy.approvals.answered },
  'approvals.grants': [],
  'gateway.status': {
    ...data.status,
    lockedAt: data.now - 7_000,
    upstreams: data.status.upstreams.map((one) => ({ ...one, state: 'asleep', pid: null })),
  },
};

export const ruled: Surface = {
  ...data.surface,
  mode: 'hybrid',
  chosen: 'hybrid',
  alwaysOn: ['github:personal', 'supabase:gone'],
  warnings: ['surface.always_on names supabase:gone, which is no profile; nucleus list shows them'],
  origins: {
    mode: { line: 4, ruledBy: 'NUCLEUS_SURFACE_MODE' },
    budget: { line: null, ruledBy: 'a flag' },
    alwaysOn: { line: 5, ruledBy: null },
  },
};

export const press = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole('button', { name }).first().click();

export const choose = (page: Page, name: RegExp): Promise<void> => page.getByRole('option', { name }).click();

/** The widest face a Linux without fonts of its own falls back to. */
export const wideFont = `document.styleSheets[0].insertRule(':root { --sans: "DejaVu Sans"; --mono: "DejaVu Sans Mono"; }', document.styleSheets[0].cssRules.length)`;

/** The gateway goes away: what was asked before stays in sight, all that is asked from now on fails. */
export async function lose(page: Page): Promise<void> {
  await page.evaluate(
    `shots.lose(${JSON.stringify({
      code: 'GATEWAY_UNREACHABLE',
      message: 'the gateway does not answer; it is tried again',
      data: {},
    })}, ${JSON.stringify(Topic.options)})`,
  );
}
