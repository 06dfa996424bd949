import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { createLoginPath, upstreamEnvironment } from '../../../src-main/gateway/upstream/environment.ts';
import { createFakeClock, createFakeLog } from '../../helpers/fake-clock.ts';
import { verifies } from '../../helpers/requirements.ts';
import { until } from '../../helpers/until.ts';

const none = { gateway: {}, path: '/bin', pass: [], own: {} };

test('what opens the vault is let through to nobody, whatever a connector asks for', () => {
  const gateway = {
    NUCLEUS_VAULT_PASSPHRASE: 'secret',
    NUCLEUS_VAULT_PASSPHRASE_FILE: '/secret',
    EXTRA: 'x',
  };
  const pass = [...Object.keys(gateway), 'NOT_SET'];
  assert.deepEqual(upstreamEnvironment({ ...none, gateway, pass }), { PATH: '/bin', EXTRA: 'x' });
});

test('an upstream gets what is on the allow-list and nothing else', () => {
  verifies('NUC-099');
  const gateway = {
    HOME: '/home/a',
    LOGNAME: 'a',
    USER: 'a',
    SHELL: '/bin/sh',
    LANG: 'de_DE.UTF-8',
    LANGUAGE: 'de',
    LC_ALL: 'C',
    LC_TIME: 'C',
    TZ: 'UTC',
    TMPDIR: '/tmp',
    TERM: 'dumb',
    PATH: '/short',
    AWS_SECRET_ACCESS_KEY: 'secret',
    GITHUB_TOKEN: 'secret',
    SSH_AUTH_SOCK: '/run/ssh',
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/bus',
    NODE_OPTIONS: '--require evil',
    NUCLEUS_HOME: '/home/a/.nucleusmcp',
    NUCLEUS_VAULT_PASSPHRASE: 'secret',
    LD_PRELOAD: 'evil.so',
  };
  assert.deepEqual(upstreamEnvironment({ ...none, gateway, path: '/usr/bin:/bin' }), {
    HOME: '/home/a',
    LOGNAME: 'a',
    USER: 'a',
    SHELL: '/bin/sh',
    LANG: 'de_DE.UTF-8',
    LANGUAGE: 'de',
    TZ: 'UTC',
    TMPDIR: '/tmp',
    TERM: 'dumb',
    LC_ALL: 'C',
    LC_TIME: 'C',
    PATH: '/usr/bin:/bin',
  });
});

test('a variable the gateway does not have stays absent', () => {
  assert.deepEqual(upstreamEnvironment({ ...none, gateway: { HOME: undefined }, pass: ['NOT_THERE'] }), {
    PATH: '/bin',
  });
});

test('what the manifest lets through passes, with the value of the gateway', () => {
  verifies('NUC-099');
  const gateway = { SSH_AUTH_SOCK: '/run/ssh', GITHUB_TOKEN: 'secret' };
  assert.deepEqual(upstreamEnvironment({ ...none, gateway, pass: ['SSH_AUTH_SOCK'] }), {
    PATH: '/bin',
    SSH_AUTH_SOCK: '/run/ssh',
  });
});

test("a profile's own variables win over everything, PATH included", () => {
  verifies('NUC-099');
  const gateway = { HOME: '/home/a', SSH_AUTH_SOCK: '/run/ssh' };
  const own = { HOME: '/elsewhere', PATH: '/own', SSH_AUTH_SOCK: '', TOKEN: 'one' };
  assert.deepEqual(upstreamEnvironment({ ...none, gateway, pass: ['SSH_AUTH_SOCK'], own }), own);
});

test('names every object has are not variables', () => {
  assert.deepEqual(upstreamEnvironment({ ...none, pass: ['constructor', '__proto__', 'toString'] }), {
    PATH: '/bin',
  });
});

/** A login shell of our own; it gets `-ilc` and the command as any shell does. */
function shell(t: TestContext, body: string): { path: string; file: (name: string) => string } {
  const folder = mkdtempSync(join(tmpdir(), 'nucleus-shell-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'shell');
  writeFileSync(path, `#!/bin/sh\nhere='${folder}'\n${body}\n`);
  chmodSync(path, 0o755);
  return { path, file: (name) => join(folder, name) };
}

function setUp(env: Record<string, string | undefined>) {
  const clock = createFakeClock();
  const log = createFakeLog();
  return { clock, log, loginPath: createLoginPath({ env, clock, log }) };
}

const posix = { skip: process.platform === 'win32' && 'login shells are not asked on Windows' };

test("the login shell's PATH comes first, what only the gateway has after it", posix, async (t) => {
  verifies('FIX-021');
  const { path } = shell(t, 'PATH="/login/bin:/usr/bin:/bin"; export PATH\neval "$2"');
  const { clock, loginPath } = setUp({ SHELL: path, PATH: '/usr/bin::/only/here:/bin' });
  assert.equal(await loginPath(), '/login/bin:/usr/bin:/bin:/only/here');
  await until('the shell is gone and forgotten', () => clock.waiting === 0);
});

test(
  'the shell is asked as an interactive login shell, in its own environment, and once',
  posix,
  async (t) => {
    const { path, file } = shell(
      t,
      'echo "$1 $PWD [$EXTRA$NUCLEUS_VAULT_PASSPHRASE]" >> "$here/asked"\nPATH=/login/bin:/usr/bin:/bin; export PATH\neval "$2"',
    );
    const { loginPath } = setUp({
      SHELL: path,
      PATH: '/bin',
      EXTRA: 'given',
      MISSING: undefined,
      // A profile starts programs that stay.
      NUCLEUS_VAULT_PASSPHRASE: 'secret',
    });
    const all = await Promise.all([loginPath(), loginPath()]);
    all.push(await loginPath());
    assert.deepEqual(new Set(all), new Set(['/login/bin:/usr/bin:/bin']));
    assert.equal(readFileSync(file('asked'), 'utf8'), '-ilc / [given]\n');
  },
);

test('what the profile prints before and after the answer does no harm', posix, async (t) => {
  const { path } = shell(
    t,
    'echo "Welcome! PATH=/wrong"; printf "no newline"; echo "to stderr" >&2\nPATH="/lo gin/bün:/usr/bin:/bin"; export PATH\neval "$2"\necho bye; printf "\\033[0m"',
  );
  const { loginPath } = setUp({ SHELL: path, PATH: '/bin' });
  assert.equal(await loginPath(), '/lo gin/bün:/usr/bin:/bin');
});

test('a shell that babbles without end is cut short and harms nobody', posix, async (t) => {
  const { path } = shell(
    t,
    'head -c 3000000 /dev/zero | tr "\\0" x\nPATH=/login/bin:/usr/bin:/bin; export PATH\neval "$2"',
  );
  const { loginPath } = setUp({ SHELL: path, PATH: '/bin' });
  assert.equal(await loginPath(), '/login/bin:/usr/bin:/bin');
});

test(
  'a program that the profile leaves running with the pipe does not hold up the answer',
  posix,
  async (t) => {
    const { path, file } = shell(
      t,
      'sleep 60 & echo $! > "$here/pid"\nPATH=/login/bin:/usr/bin:/bin; export PATH\neval "$2"',
    );
    const { loginPath } = setUp({ SHELL: path, PATH: '/bin' });
    assert.equal(await loginPath(), '/login/bin:/usr/bin:/bin');
    process.kill(Number(readFileSync(file('pid'), 'utf8')), 'SIGKILL');
  },
);

test(
  'a shell that says nothing is given three seconds and then ended with all it started',
  posix,
  async (t) => {
    const { path, file } = shell(
      t,
      'sleep 60 & echo "$$ $!" > "$here/pid.new"; mv "$here/pid.new" "$here/pid"; wait',
    );
    const { clock, log, loginPath } = setUp({ SHELL: path, PATH: '/own:/usr/bin:/bin' });
    const asked = loginPath();
    await until('the shell runs', () => existsSync(file('pid')));
    await clock.advance(2_999);
    assert.deepEqual(log.lines, []);
    await clock.advance(1);
    assert.equal(await asked, '/own:/usr/bin:/bin');
    assert.deepEqual(log.lines, [
      'warn the login shell did not answer; upstreams get the PATH of the gateway',
    ]);
    const pids = readFileSync(file('pid'), 'utf8').trim().split(' ').map(Number);
    await until('both are gone', () => pids.every(isGone));
    assert.equal(await loginPath(), '/own:/usr/bin:/bin');
  },
);

test('a shell that answers and then hangs is ended after three seconds', posix, async (t) => {
  const { path, file } = shell(
    t,
    'PATH=/login/bin:/usr/bin:/bin; export PATH\neval "$2"\necho $$ > "$here/pid"\nexec sleep 60',
  );
  const { clock, log, loginPath } = setUp({ SHELL: path, PATH: '/bin' });
  assert.equal(await loginPath(), '/login/bin:/usr/bin:/bin');
  const pid = await until(
    'it hangs',
    () => existsSync(file('pid')) && Number(readFileSync(file('pid'), 'utf8')),
  );
  await clock.advance(3_000);
  await until('it is gone', () => isGone(pid));
  assert.deepEqual(log.lines, []);
});

test(
  'a shell that is gone while something in another session holds its pipe ends nothing else',
  posix,
  async (t) => {
    const { path, file } = shell(
      t,
      'setsid sh -c \'echo $$ > "$0/pid"; exec sleep 60\' "$here" &\nuntil [ -s "$here/pid" ]; do sleep 0.01; done',
    );
    const { clock, loginPath } = setUp({ SHELL: path, PATH: '/own:/usr/bin:/bin' });
    const asked = loginPath();
    await until(
      'the other session runs',
      () => existsSync(file('pid')) && readFileSync(file('pid'), 'utf8') !== '',
    );
    await clock.advance(3_000);
    assert.equal(await asked, '/own:/usr/bin:/bin');
    process.kill(Number(readFileSync(file('pid'), 'utf8')), 'SIGKILL');
  },
);

test('without a usable shell upstreams get the PATH of the gateway', posix, async (t) => {
  const cases = [
    undefined,
    '',
    '/no/such/shell',
    shell(t, 'exit 1').path,
    shell(t, 'unset PATH; eval "$2"').path,
  ];
  for (const SHELL of cases) {
    const { clock, loginPath } = setUp({ SHELL, PATH: '/own/bin' });
    assert.equal(await loginPath(), '/own/bin', SHELL);
    assert.equal(clock.waiting, 0);
  }
});

/** A zombie that nobody buries counts as gone. */
function isGone(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
