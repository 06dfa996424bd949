import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type { Home, Scope } from './home.ts';
import { gone, kill } from './processes.ts';
import { until, withDeadline } from './until.ts';

export interface Keyring {
  /** What a login session with this keyring has in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the keyring's daemon, as a crashed desktop would. */
  stop(): Promise<void>;
}

/** A session bus and an unlocked gnome-keyring of this home's own. Only for tests that said `needs(t, 'keyring')`. */
export async function startKeyring(scope: Scope, home: Home): Promise<Keyring> {
  const runtime = home.path('runtime');
  mkdirSync(runtime, { mode: 0o700, recursive: true });
  const address = `unix:path=${runtime}/bus`;
  const env = { ...home.env, XDG_RUNTIME_DIR: runtime, DBUS_SESSION_BUS_ADDRESS: address };

  const bus = spawn(
    'dbus-daemon',
    ['--session', '--nofork', '--nopidfile', `--address=${address}`, '--print-address=1'],
    {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  await withDeadline('the session bus', once(bus.stdout, 'data'));

  const daemon = spawn(
    'gnome-keyring-daemon',
    ['--foreground', '--unlock', '--components=secrets', `--control-directory=${runtime}/keyring`],
    { env, stdio: ['pipe', 'ignore', 'ignore'] },
  );
  daemon.stdin.end('password of the keyring');
  const stop = async () => {
    if (daemon.pid) kill(daemon.pid);
    if (daemon.pid) await gone(daemon.pid);
  };
  scope.after(async () => {
    await stop();
    bus.kill('SIGKILL');
  });
  await until('the keyring is on the bus', () => ownsSecrets(env));
  return { env: { XDG_RUNTIME_DIR: runtime, DBUS_SESSION_BUS_ADDRESS: address }, stop };
}

async function ownsSecrets(env: Readonly<Record<string, string>>): Promise<boolean> {
  const question = spawn(
    'dbus-send',
    [
      '--session',
      '--print-reply',
      '--dest=org.freedesktop.DBus',
      '/org/freedesktop/DBus',
      'org.freedesktop.DBus.NameHasOwner',
      'string:org.freedesktop.secrets',
    ],
    { env, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let answer = '';
  question.stdout.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  await once(question, 'close');
  return answer.includes('boolean true');
}
