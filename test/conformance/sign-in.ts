import { writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Api } from '../../src-shared/contract.ts';
import type { BeginSignIn } from '../../src-shared/sign-in.ts';
import { connectControl } from '../../src-main/gateway/downstream/control.ts';
import { nucleusBin } from '../helpers/nucleus.ts';
import { start, type Started } from './gateway.ts';

/** What a scenario hands over for signing in. */
export interface Credentials {
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly private_key_pem?: string;
}

/** The document the scenario with a metadata document expects to be named. */
const documentUrl = 'https://conformance-test.local/client-metadata.json';
const profile = 'conformance:default';

/** A gateway with a vault, before one server that people sign in to. */
export interface SignInGateway extends Started {
  /** Adds the server; whether somebody has to sign in. */
  add(url: string): Promise<boolean>;
  /** Does what a person and a browser do. Throws where that comes to nothing. */
  signIn(): Promise<void>;
}

export async function startSignInGateway(
  home: string,
  scenario: string,
  credentials: Credentials,
): Promise<SignInGateway> {
  const state = join(home, 'state');
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const passphrase = join(home, 'passphrase');
  writeFileSync(passphrase, 'correct horse battery staple\n', { mode: 0o600 });
  if (scenario.includes('cimd'))
    writeFileSync(join(state, 'config.toml'), `[sign_in]\nclient_metadata_url = "${documentUrl}"\n`);
  const args = ['serve', '--http', '127.0.0.1:0', '--token', 'none'];
  const gateway = start(nucleusBin, args, home, { NUCLEUS_VAULT_PASSPHRASE_FILE: passphrase });
  const socket = await gateway.said(/gateway listening .*socket=(\S+)/);
  const { api, close } = await connectControl(socket, '0.1.0');
  return {
    ...gateway,
    async add(url) {
      const { probe } = await api.profiles.add({ connector: 'conformance', name: 'default', url });
      return probe?.ok === false && probe.code === 'SIGN_IN_REQUIRED';
    },
    signIn: () => signIn(api, beginWith(scenario, credentials)),
    async end() {
      close();
      await gateway.end();
    },
  };
}

function beginWith(scenario: string, credentials: Credentials): BeginSignIn {
  const { client_id: id, client_secret: secret, private_key_pem: key } = credentials;
  return {
    profile,
    how: 'manual',
    isMachine: scenario.includes('client-credentials'),
    client: id === undefined ? null : { id, ...(secret && { secret }), ...(key && { key }) },
  };
}

async function signIn(api: Api, begin: BeginSignIn): Promise<void> {
  const { id, url } = await api.signIn.begin(begin);
  if (url !== null) {
    const response = await fetch(url, { redirect: 'manual' });
    const location = response.headers.get('location');
    if (location === null) throw new Error(`no redirect: HTTP ${response.status} ${await response.text()}`);
    await fetch(new URL(location, url));
  }
  const { problem } = await api.signIn.wait({ id });
  if (problem) throw new Error(`${problem.code}: ${problem.message}`);
}
