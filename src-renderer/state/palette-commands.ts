import type { AppSettings } from '../../src-shared/contract.ts';
import { text } from '../text.ts';
import type { AppState } from './app-state.svelte.ts';
import { envWord } from './env-words.ts';
import type { IconName } from './icon-name.ts';
import { keysIn, type KeyAct } from './keys.ts';
import type { PaletteHit } from './palette-hits.ts';
import { groupProfiles } from './profile-groups.ts';

/** A hit of the palette and what it does. */
export interface PaletteCommand {
  readonly hit: PaletteHit;
  run(): unknown;
}

/** Profiles, views and actions, each once, in the order they are offered while nothing is typed. */
export function paletteCommands(app: AppState, showKeys: () => void): readonly PaletteCommand[] {
  const profiles = profileCommands(app);
  return [
    ...profiles.slice(0, shownFirst),
    ...viewCommands(app),
    ...actionCommands(app, showKeys),
    ...profiles.slice(shownFirst),
  ];
}

/** So many profiles stand before the views and actions; who looks for another one types. */
const shownFirst = 12;

const words = text.palette;

function profileCommands(app: AppState): readonly PaletteCommand[] {
  const groups = groupProfiles(app.profiles.value ?? [], app.connectors.value?.connectors ?? [], [], '');
  return groups.flatMap(({ title, entries }) =>
    entries.map(({ profile: { id, name, env, account, metadata, isDefault } }) => ({
      hit: {
        kind: 'profile' as const,
        id: `profile ${id}`,
        label: id,
        hint: [
          title,
          ...(account === undefined ? [] : [account]),
          ...Object.values(metadata).slice(0, 1),
          ...(isDefault ? [words.isDefault] : []),
        ].join(', '),
        also: `${name} ${envWord(env)}`,
        profile: id,
        env: env ?? null,
      },
      run: () => app.profilesView.reveal(id),
    })),
  );
}

const viewIcons: Readonly<Record<AppSettings['view'], IconName>> = {
  profiles: 'profiles',
  approvals: 'approvals',
  activity: 'activity',
  policy: 'policy',
  tools: 'tools',
  clients: 'clients',
  doctor: 'pulse',
  settings: 'settings',
};

function viewCommands(app: AppState): readonly PaletteCommand[] {
  const reached = new Set(keysIn(app.shell).map(({ act }) => act));
  return (Object.keys(viewIcons) as AppSettings['view'][]).map((view) => ({
    hit: {
      kind: 'view',
      id: `view ${view}`,
      label: text.app[view],
      hint: view === 'approvals' ? waitingWords(app) : '',
      icon: viewIcons[view],
      ...(reached.has(`view:${view}`) ? { act: `view:${view}` as const } : {}),
      ...(view === 'doctor' ? { also: words.also.doctor } : {}),
    },
    run() {
      app.show(view);
      if (view === 'profiles') app.profilesView.closeAdding();
    },
  }));
}

function waitingWords(app: AppState): string {
  const waiting = app.approvals.value?.waiting.length ?? 0;
  return waiting === 0 ? '' : text.app.waiting(waiting);
}

function actionCommands(app: AppState, showKeys: () => void): readonly PaletteCommand[] {
  const { actions, also } = words;
  const http = app.status.value?.http ?? null;
  const address = http === null ? null : `${http}/mcp`;
  const isLocked = app.lock.since !== null;
  const signedOut = isLocked
    ? []
    : (app.status.value?.upstreams ?? []).filter(({ state }) => state === 'signed-out');
  const isPage = app.shell === 'page';
  const themes = (['system', 'light', 'dark'] as const).filter(
    (theme) => theme !== (app.settings.value?.theme ?? 'system'),
  );
  return [
    ...signedOut.map(({ profile }): PaletteCommand => ({
      hit: {
        kind: 'profile',
        id: `sign in ${profile}`,
        label: actions.signIn(profile),
        hint: '',
        profile,
        env: app.envOf(profile),
      },
      run() {
        app.profilesView.reveal(profile);
        return app.profilesView.signIn('window');
      },
    })),
    action('add', actions.add, 'plus', () => app.profilesView.openGallery(), isPage ? {} : { act: 'add' }),
    action('import', actions.import, 'import', () => app.profilesView.openGallery(), { also: also.import }),
    isLocked
      ? action('unlock', actions.unlock, 'lock', () => app.lock.release())
      : action('lock', actions.lock, 'lock', () => app.lock.engage(), { act: 'lock', also: also.lock }),
    action('look-again', actions.lookAgain, 'activity', () => lookAgain(app), { also: also.lookAgain }),
    ...(address === null
      ? []
      : [
          action('copy-address', actions.copyAddress, 'copy', () => copy(app, address), {
            hint: address,
            also: also.copyAddress,
          }),
        ]),
    action('check-record', actions.checkRecord, 'okc', () => checkRecord(app), { also: also.checkRecord }),
    action('config', actions.config, 'edit', () => app.api.app.openConfig({})),
    ...themes.map((theme) =>
      action(
        `theme-${theme}`,
        actions.theme(text.app.themes[theme]),
        'settings',
        () => setTheme(app, theme),
        {
          also: also.theme,
        },
      ),
    ),
    action('keys', actions.keys, 'term', showKeys, { act: 'keys' }),
    action('quit', isPage ? text.web.signOut : actions.quit, 'out', () => app.settingsView.quit()),
  ];
}

function action(
  id: string,
  label: string,
  icon: IconName,
  run: () => unknown,
  more: { readonly hint?: string; readonly also?: string; readonly act?: KeyAct } = {},
): PaletteCommand {
  return { hit: { kind: 'action', id, label, hint: '', icon, ...more }, run };
}

/** What goes wrong with it is told in Settings; here it is told where the palette was. */
async function setTheme({ settingsView }: AppState, theme: AppSettings['theme']): Promise<void> {
  await settingsView.set({ theme });
  const { problem } = settingsView;
  settingsView.problem = null;
  if (problem) throw problem;
}

async function lookAgain(app: AppState): Promise<void> {
  const topics = ['profiles', 'approvals', 'status', 'hosts', 'tools', 'policy', 'sign-in'] as const;
  await Promise.all(topics.map((topic) => app.refresh(topic)));
}

async function copy(app: AppState, value: string): Promise<void> {
  await app.api.app.copy({ text: value });
  app.announce('copy', text.app.copied);
}

function checkRecord(app: AppState): Promise<void> {
  app.show('activity');
  return app.activityView.check.check();
}
