import assert from 'node:assert/strict';
import type { BeginSignIn, SignInState } from '../../src-shared/sign-in.ts';
import type { Gateway } from './client.ts';
import type { Scope } from './home.ts';
import { browseBack } from './browse.ts';
import {
  startResourceServer,
  startSignInServer,
  type ResourceServer,
  type SignInServer,
} from './sign-in-server.ts';

/** An authorization server and one MCP server behind it. */
export interface SignInWorld {
  readonly authorization: SignInServer;
  readonly server: ResourceServer;
}

export async function startWorld(scope: Scope): Promise<SignInWorld> {
  const authorization = await startSignInServer(scope);
  return { authorization, server: await startResourceServer(scope, authorization) };
}

/** Adds a profile of a server that wants a sign-in. */
export async function addGuarded(gateway: Gateway, id: string, { server }: SignInWorld): Promise<void> {
  const [connector = '', name = ''] = id.split(':');
  const { probe } = await gateway.ask('profiles.add', { connector, name, url: server.url }, 20_000);
  assert.equal(probe?.ok === false && probe.code, 'SIGN_IN_REQUIRED');
}

/** Begins a sign-in as a script does that shows the page to somebody else. */
export function begin(
  gateway: Gateway,
  profile: string,
  more: Partial<BeginSignIn> = {},
): Promise<SignInState> {
  return gateway.ask('signIn.begin', { profile, how: 'manual', ...more }, 20_000);
}

/** The page of a sign-in that waits for somebody. */
export function pageOf(state: SignInState): string {
  assert.equal(state.phase, 'waiting', state.problem?.message);
  return state.url ?? assert.fail('it has no page');
}

/** How a sign-in ended. */
export function ended(gateway: Gateway, { id }: SignInState): Promise<SignInState> {
  return gateway.ask('signIn.wait', { id }, 20_000);
}

/** Signs somebody in, from the beginning to the end, however it ends. */
export async function signIn(
  gateway: Gateway,
  profile: string,
  {
    person,
    answer,
    ...more
  }: Partial<BeginSignIn> & { readonly person?: string; readonly answer?: 'yes' | 'no' } = {},
): Promise<SignInState> {
  const state = await begin(gateway, profile, more);
  if (state.phase === 'waiting')
    await browseBack(pageOf(state), { ...(person && { person }), ...(answer && { answer }) });
  return ended(gateway, state);
}

/** Signs somebody in who gets in. */
export async function signedIn(...args: Parameters<typeof signIn>): Promise<SignInState> {
  const state = await signIn(...args);
  assert.equal(state.phase, 'done', state.problem?.message);
  return state;
}
