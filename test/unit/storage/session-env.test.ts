import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { gatewayEnvironment, rememberSession } from '../../../src-main/gateway/storage/session-env.ts';
import { temporaryFolder, temporaryPaths } from './support.ts';

const login = {
  DISPLAY: ':0',
  XAUTHORITY: '/run/user/1000/xauth',
  XDG_RUNTIME_DIR: '/run/user/1000',
  DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/1000/bus,guid=1=2',
  SSH_AUTH_SOCK: '/run/user/1000/ssh',
};
const linux = (runFolder: string) => ({ runFolder, platform: 'linux' as const });

test('the variables of a login are kept in a private file, and nothing else', (t) => {
  const paths = temporaryPaths(t);
  rememberSession(paths, { ...login, SECRET: 'x', PATH: '/bin' });
  assert.equal(
    readFileSync(paths.sessionEnv, 'utf8'),
    [
      'DISPLAY=:0',
      'XAUTHORITY=/run/user/1000/xauth',
      'XDG_RUNTIME_DIR=/run/user/1000',
      'DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus,guid=1=2',
      'SSH_AUTH_SOCK=/run/user/1000/ssh',
      '',
    ].join('\n'),
  );
  assert.equal(statSync(paths.sessionEnv).mode & 0o777, 0o600);
});

test('an environment without a login leaves what is kept', (t) => {
  const paths = temporaryPaths(t);
  rememberSession(paths, { SSH_AUTH_SOCK: '/x', XDG_RUNTIME_DIR: '/run/user/1' });
  assert.equal(existsSync(paths.sessionEnv), false);
});

test('any of display, Wayland display and session bus makes a login', (t) => {
  for (const name of ['DISPLAY', 'WAYLAND_DISPLAY', 'DBUS_SESSION_BUS_ADDRESS']) {
    const paths = temporaryPaths(t);
    rememberSession(paths, { [name]: 'value' });
    assert.equal(readFileSync(paths.sessionEnv, 'utf8'), `${name}=value\n`);
  }
});

test('the same login again writes nothing', (t) => {
  const paths = temporaryPaths(t);
  rememberSession(paths, login);
  const before = statSync(paths.sessionEnv).ino;
  rememberSession(paths, login);
  assert.equal(statSync(paths.sessionEnv).ino, before);
});

test('a later login takes the place of the whole earlier one', (t) => {
  const paths = temporaryPaths(t);
  rememberSession(paths, login);
  rememberSession(paths, { WAYLAND_DISPLAY: 'wayland-1' });
  assert.equal(readFileSync(paths.sessionEnv, 'utf8'), 'WAYLAND_DISPLAY=wayland-1\n');
});

test('a value with a line break cannot smuggle in a variable', (t) => {
  const paths = temporaryPaths(t);
  rememberSession(paths, { DISPLAY: ':0', XAUTHORITY: '/x\nSSH_AUTH_SOCK=/evil' });
  assert.equal(readFileSync(paths.sessionEnv, 'utf8'), 'DISPLAY=:0\n');
});

test('a gateway gets a fixed choice of its starter’s variables', (t) => {
  const folder = temporaryFolder(t);
  const wanted = {
    HOME: '/home/ada',
    USER: 'ada',
    LOGNAME: 'ada',
    SHELL: '/bin/zsh',
    PATH: '/bin',
    LANG: 'de_DE.UTF-8',
    LC_TIME: 'C',
    TZ: 'UTC',
    TMPDIR: '/tmp',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
    CREDENTIALS_DIRECTORY: '/run/credentials/x',
    NUCLEUS_HOME: '/state',
    NUCLEUSMCP_POLICY: '/policy.toml',
    NUCLEUS_VAULT_PASSPHRASE_FILE: '/pass',
  };
  const starter = {
    ...wanted,
    NODE_OPTIONS: '--inspect',
    LD_PRELOAD: 'x.so',
    GITHUB_TOKEN: 't',
    APPDATA: 'a',
  };
  assert.deepEqual(gatewayEnvironment(temporaryPaths(t), starter, 1, linux(folder)), wanted);
});

test('of our own variables one that nobody asked for by name gets only where the state is and what opens it', (t) => {
  const own = {
    NUCLEUS_HOME: '/state',
    NUCLEUS_VAULT_PASSPHRASE_FILE: '/pass',
    NUCLEUS_VAULT_PASSPHRASE: 'p',
  };
  const settings = {
    NUCLEUS_LOG: 'trace',
    NUCLEUS_CONFIG: '/other.toml',
    NUCLEUS_UPSTREAM_CALL_TIMEOUT: '1s',
    NUCLEUS_HTTP_LISTEN: '0.0.0.0:80',
    NUCLEUS_HOMEPAGE: 'x',
    NUCLEUSMCP_POLICY: '/policy.toml',
    NUCLEUSMCP_AUDIT_FULL_ARGS: '1',
  };
  const paths = temporaryPaths(t);
  const options = linux(temporaryFolder(t));
  const starter = { ...own, ...settings, PATH: '/bin' };
  assert.deepEqual(gatewayEnvironment(paths, starter, 1, { ...options, auto: true }), {
    ...own,
    PATH: '/bin',
  });
  assert.deepEqual(gatewayEnvironment(paths, starter, 1, options), starter);
});

test('on Windows the system’s variables come along, in whatever case', (t) => {
  const starter = { Path: 'C:\\bin', SystemRoot: 'C:\\Windows', APPDATA: 'a', LocalAppData: 'l', OTHER: 'o' };
  assert.deepEqual(gatewayEnvironment(temporaryPaths(t), starter, 0, { platform: 'win32' }), {
    Path: 'C:\\bin',
    SystemRoot: 'C:\\Windows',
    APPDATA: 'a',
    LocalAppData: 'l',
  });
});

test('a starter without a login gets the one that is kept', (t) => {
  const paths = temporaryPaths(t);
  rememberSession(paths, login);
  assert.deepEqual(gatewayEnvironment(paths, { HOME: '/home/ada' }, 1, linux(temporaryFolder(t))), {
    HOME: '/home/ada',
    ...login,
  });
});

test('what the starter knows of its login goes before what is kept, an empty value does not', (t) => {
  const paths = temporaryPaths(t);
  rememberSession(paths, login);
  const env = gatewayEnvironment(paths, { DISPLAY: ':7', SSH_AUTH_SOCK: '' }, 1, linux(temporaryFolder(t)));
  assert.equal(env['DISPLAY'], ':7');
  assert.equal(env['SSH_AUTH_SOCK'], login.SSH_AUTH_SOCK);
});

test('lines in the kept file that are no session variable are ignored', (t) => {
  const paths = temporaryPaths(t);
  mkdirSync(paths.run, { recursive: true });
  writeFileSync(paths.sessionEnv, 'garbage\nLD_PRELOAD=x\nDISPLAY\nXAUTHORITY=\n=\nDISPLAY=:3\n');
  assert.deepEqual(gatewayEnvironment(paths, {}, 1, linux(temporaryFolder(t))), { DISPLAY: ':3' });
});

test('a missing runtime folder is derived when it is there and belongs to the user', (t) => {
  const folder = temporaryFolder(t);
  const uid = process.getuid?.() ?? 0;
  mkdirSync(join(folder, String(uid)));
  mkdirSync(join(folder, String(uid + 1)));
  const paths = temporaryPaths(t);
  assert.deepEqual(gatewayEnvironment(paths, {}, uid, linux(folder)), {
    XDG_RUNTIME_DIR: join(folder, String(uid)),
  });
  assert.deepEqual(gatewayEnvironment(paths, {}, uid + 1, linux(folder)), {});
  assert.deepEqual(gatewayEnvironment(paths, {}, uid + 2, linux(folder)), {});
});

test('a missing bus address is derived when the runtime folder has a bus socket', async (t) => {
  const folder = temporaryFolder(t);
  const paths = temporaryPaths(t);
  writeFileSync(join(folder, 'bus'), 'no socket');
  assert.equal(
    gatewayEnvironment(paths, { XDG_RUNTIME_DIR: folder }, 1, linux('/none'))['DBUS_SESSION_BUS_ADDRESS'],
    undefined,
  );

  const runtime = join(folder, 'r');
  mkdirSync(runtime);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(runtime, 'bus'), resolve));
  t.after(() => server.close());
  const env = gatewayEnvironment(paths, { XDG_RUNTIME_DIR: runtime }, 1, linux('/none'));
  assert.equal(env['DBUS_SESSION_BUS_ADDRESS'], `unix:path=${runtime}/bus`);
});
