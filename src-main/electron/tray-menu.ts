import type { GatewayStatus } from '../../src-shared/contract.ts';
import type { HostStatus } from '../../src-shared/hosts.ts';
import type { ConnectorSummary, Profile } from '../../src-shared/model.ts';
import type { PendingApproval } from '../../src-shared/policy.ts';
import { nativeEnv } from './native-env.ts';
import { oneLine } from './visible-text.ts';

/** What the tray shows, asked of the gateway in one go. */
export interface TraySnapshot {
  readonly profiles: readonly Profile[];
  readonly connectors: readonly ConnectorSummary[];
  readonly status: GatewayStatus;
  readonly approvals: readonly PendingApproval[];
  readonly hosts: readonly HostStatus[];
  /** A newer version of the app that is there. */
  readonly newVersion: string | null;
}

/** What a click in the tray or its menu does. */
export interface TrayActions {
  open(view?: 'profiles' | 'approvals' | 'clients' | 'settings'): void;
  useProfile(id: string): void;
  denyApproval(id: string): void;
  signIn(profile: string): void;
  /** Opens the window on a profile. */
  show(profile: string): void;
  copy(text: string): void;
  addProfile(): void;
  lock(): void;
  quit(): void;
}

/** One line of the menu; fits Electron's MenuItemConstructorOptions. */
export interface TrayItem {
  readonly label?: string;
  readonly type?: 'normal' | 'separator' | 'radio' | 'checkbox';
  readonly checked?: boolean;
  readonly enabled?: boolean;
  readonly submenu?: TrayItem[];
  readonly click?: () => void;
}

/** Which drawing the tray icon is. */
export type TrayState = 'normal' | 'pending' | 'sign-in' | 'locked';

const separator: TrayItem = { type: 'separator' };
/** More waiting calls, or profiles to sign in for, than this are one line that opens the list. */
const callsShown = 8;
const labelLimit = 60;

/** The whole menu. Without a snapshot, before the gateway first answered, only what always works. */
export function trayMenu(snapshot: TraySnapshot | null, act: TrayActions): TrayItem[] {
  return [
    { label: snapshot ? statusLine(snapshot) : 'Starting', enabled: false },
    ...waitingCalls(snapshot?.approvals ?? [], act),
    ...wipedHosts(snapshot?.hosts ?? [], act),
    ...toSignIn(snapshot, act),
    ...connectorMenus(snapshot, act),
    separator,
    { label: 'Add a profile…', click: () => act.addProfile() },
    ...lockItem(snapshot, act),
    ...updateItem(snapshot, act),
    { label: 'Open Nucleus', click: () => act.open() },
    { label: 'Quit Nucleus', click: () => act.quit() },
  ];
}

/** Icon and tooltip; the tooltip says in words what the icon says. */
export function trayFace(snapshot: TraySnapshot | null): { state: TrayState; tooltip: string } {
  if (!snapshot) return { state: 'normal', tooltip: 'Nucleus: starting' };
  if (isLocked(snapshot)) return { state: 'locked', tooltip: 'Nucleus: everything is locked' };
  const waiting = snapshot.approvals.length;
  if (waiting > 0) return { state: 'pending', tooltip: `Nucleus: ${count(waiting, 'approval')} waiting` };
  const [first, ...others] = signedOut(snapshot);
  if (first === undefined) return { state: 'normal', tooltip: `Nucleus: ${statusLine(snapshot)}` };
  const which = others.length === 0 ? named(first) : count(others.length + 1, 'profile');
  return { state: 'sign-in', tooltip: `Nucleus: ${which} ${others.length === 0 ? 'needs' : 'need'} sign-in` };
}

function statusLine({ profiles, status }: TraySnapshot): string {
  if (status.lockedAt !== null) return 'Everything is locked';
  const clients = status.clients.length === 0 ? 'no client' : count(status.clients.length, 'client');
  return `${profiles.length === 0 ? 'No profiles yet' : count(profiles.length, 'profile')}, ${clients}`;
}

function waitingCalls(approvals: readonly PendingApproval[], act: TrayActions): TrayItem[] {
  if (approvals.length === 0) return [];
  const rest = approvals.length - callsShown;
  return [
    separator,
    ...approvals.slice(0, callsShown).map(({ id, kind, profile, env, tool }) => ({
      label: plain(
        kind === 'account'
          ? `${profile}: which account for ${tool}?`
          : `${nativeEnv(env)} ${profile}: ${tool}`,
      ),
      submenu: [
        { label: 'Review…', click: () => act.open('approvals') },
        { label: 'Deny', click: () => act.denyApproval(id) },
      ],
    })),
    ...(rest > 0 ? [{ label: `${rest} more…`, click: () => act.open('approvals') }] : []),
  ];
}

/** A host that dropped our entry is put right by one click, in the window where it can be seen what changes. */
function wipedHosts(hosts: readonly HostStatus[], act: TrayActions): TrayItem[] {
  const wiped = hosts.filter(({ consented, state }) => consented && state === 'missing');
  if (wiped.length === 0) return [];
  return [
    separator,
    ...wiped.map(({ title }) => ({ label: `Repair ${plain(title)}…`, click: () => act.open('clients') })),
  ];
}

function toSignIn(snapshot: TraySnapshot | null, act: TrayActions): TrayItem[] {
  const profiles = snapshot ? signedOut(snapshot) : [];
  if (profiles.length === 0) return [];
  const rest = profiles.length - callsShown;
  return [
    separator,
    ...profiles.slice(0, callsShown).map((profile) => ({
      label: plain(`Sign in: ${nativeEnv(profile.env)} ${profile.id}…`),
      click: () => act.signIn(profile.id),
    })),
    ...(rest > 0 ? [{ label: `${rest} more…`, click: () => act.open('profiles') }] : []),
  ];
}

function signedOut({ status, profiles }: TraySnapshot): readonly Pick<Profile, 'id' | 'env'>[] {
  return status.upstreams
    .filter(({ state }) => state === 'signed-out')
    .map(({ profile }) => profiles.find(({ id }) => id === profile) ?? { id: profile });
}

function isLocked({ status }: TraySnapshot): boolean {
  return status.lockedAt !== null;
}

/**
 * Locking is for anybody. A desktop's menus are pressed by messages on the session bus, which every program of this
 * person can send: what lets things go on again is pressed in the window.
 */
function lockItem(snapshot: TraySnapshot | null, act: TrayActions): TrayItem[] {
  if (!snapshot) return [];
  if (isLocked(snapshot)) return [{ label: 'Unlock…', click: () => act.open() }];
  return [{ label: 'Lock everything', click: () => act.lock() }];
}

/** It leads to the settings, which say more and have the link. */
function updateItem(snapshot: TraySnapshot | null, act: TrayActions): TrayItem[] {
  if (!snapshot || snapshot.newVersion === null) return [];
  return [{ label: `Version ${plain(snapshot.newVersion)} is there…`, click: () => act.open('settings') }];
}

function named({ id, env }: Pick<Profile, 'id' | 'env'>): string {
  return `${nativeEnv(env)} ${oneLine(id, labelLimit)}`;
}

function connectorMenus(snapshot: TraySnapshot | null, act: TrayActions): TrayItem[] {
  if (!snapshot || snapshot.profiles.length === 0) return [];
  const titles = new Map(snapshot.connectors.map(({ name, title }) => [name, title]));
  const byConnector = Map.groupBy(snapshot.profiles, ({ connector }) => connector);
  const menus = [...byConnector].map(([connector, profiles]) => {
    // With no default, Electron would mark the first radio item by itself: a lie. Checkboxes stay empty.
    const type: TrayItem['type'] = profiles.some(({ isDefault }) => isDefault) ? 'radio' : 'checkbox';
    const inOrder = profiles.toSorted((one, other) => compare(one.name, other.name));
    const submenu = inOrder.map(({ id, name, env, account, isDefault }) => ({
      label: plain(`${nativeEnv(env)} ${name}${account === undefined ? '' : `, ${account}`}`),
      type,
      checked: isDefault,
      click: () => act.useProfile(id),
    }));
    const signedOutHere = new Set(signedOut(snapshot).map(({ id }) => id));
    const more = inOrder.map((profile) => ({
      label: plain(`Actions for ${nativeEnv(profile.env)} ${profile.name}`),
      submenu: profileActions(profile, signedOutHere.has(profile.id), act),
    }));
    return { label: plain(titles.get(connector) ?? connector), submenu: [...submenu, separator, ...more] };
  });
  return [separator, ...menus.toSorted((one, other) => compare(one.label, other.label))];
}

/** Who never signed in anywhere has nothing to sign in to. */
function profileActions(
  { id, connector, name, account }: Profile,
  isSignedOut: boolean,
  act: TrayActions,
): TrayItem[] {
  return [
    // What the exposed names of its tools begin with.
    { label: 'Copy tool prefix', click: () => act.copy(`${connector}_${name}_`) },
    ...(isSignedOut || account !== undefined ? [{ label: 'Sign in…', click: () => act.signIn(id) }] : []),
    { label: 'Open', click: () => act.show(id) },
  ];
}

/** Native menus read `&` as the mark of an access key. */
function plain(label: string): string {
  return oneLine(label, labelLimit).replaceAll('&', '&&');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Not by locale: the order must not depend on the machine. */
function compare(one: string, other: string): number {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
