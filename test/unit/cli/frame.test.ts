// The frame of the command line: exit codes, and what goes to which stream.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import test, { after } from 'node:test';
import { createHome } from '../../helpers/home.ts';
import { nucleus, nucleusBin } from '../../helpers/nucleus.ts';
import { verifies } from '../../helpers/requirements.ts';

const home = createHome({ after });

test('wrong usage is exit code 2 with a hint, without the usage text', async () => {
  verifies('NUC-003');
  const unknown = await nucleus(home, ['lst']);
  assert.deepEqual([unknown.code, unknown.stdout], [2, '']);
  assert.match(unknown.stderr, /^Error: unknown command 'lst'\n\(Did you mean .*list/);
  const flag = await nucleus(home, ['list', '--wrong']);
  assert.equal(flag.stderr, "Error: unknown option '--wrong'\n");
});

test('with --json an error is JSON on stderr', async () => {
  verifies('NUC-003', 'NUC-004');
  const { code, stdout, stderr } = await nucleus(home, ['remove', 'no:body', '--json', '--force']);
  assert.equal(code, 4);
  assert.equal(stdout, '');
  assert.deepEqual(JSON.parse(stderr), {
    error: { code: 'PROFILE_UNKNOWN', message: 'no profile with id "no:body"' },
  });
});

test('output that cannot be written is a failure, a reader that left is none', async () => {
  const shell = (line: string) =>
    new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile('/bin/sh', ['-c', line, nucleusBin], { env: home.env }, (error, _stdout, stderr) =>
        resolve({ code: error === null ? 0 : error.code, stderr }),
      );
    });
  assert.deepEqual(await shell('"$0" --version > /dev/full'), {
    code: 1,
    stderr: 'Error: stdout cannot be written (ENOSPC)\n',
  });
  assert.deepEqual(await shell('{ "$0" --help; echo $? >&2; } | true'), { code: 0, stderr: '0\n' });
});

test('serve refuses an unknown mode before it looks for a gateway', async () => {
  verifies('NUC-059');
  const { code, stdout, stderr } = await nucleus(home, ['serve', '--mode', 'foo']);
  assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
  assert.equal(
    stderr,
    `Error: unknown --mode "foo" (want 'auto', 'expose-all', 'hybrid', 'search', 'merged', 'compat')\n`,
  );
  assert.equal(home.endpoint(), null);
});

test('install --print is JSON for any client that reads mcpServers', async () => {
  verifies('NUC-109');
  const { code, stdout, stderr } = await nucleus(home, ['install', '--print']);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  assert.deepEqual(JSON.parse(stdout), {
    mcpServers: { nucleus: { command: `${home.state}/bin/nucleus`, args: ['serve'] } },
  });
  // A client hands over a clean environment: the entry alone says which state folder is meant.
  const { command } = JSON.parse(stdout).mcpServers.nucleus as { command: string };
  const { PATH = '', HOME = '' } = home.env;
  const status = spawnSync(command, ['status'], { env: { PATH, HOME }, encoding: 'utf8' });
  assert.equal(status.stdout, `gateway: not running (home ${home.state})\n`);
  const other = await nucleus(home, ['install', 'emacs']);
  assert.equal(other.code, 2);
  assert.match(
    other.stderr,
    /^Error: unknown client "emacs" \(supported: claude, claude-desktop, .*, zed; with --print also amp, /,
  );
});
