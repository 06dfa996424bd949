import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import test, { after } from 'node:test';
import { createHome } from '../../helpers/home.ts';
import { nucleusBin, nucleusOk, passphrase } from '../../helpers/nucleus.ts';
import { verifies } from '../../helpers/requirements.ts';
import { writeVendor } from './vendor.ts';

const home = createHome({ after });
const env = passphrase(home);
writeVendor(home);

/** Runs `nucleus add vendor NAME` on a pseudo terminal and types once it has asked for the token. */
async function typeToken(name: string, keys: string): Promise<{ code: unknown; screen: string }> {
  const terminal = spawn(
    'script',
    ['-qec', `${nucleusBin} add vendor ${name} --metadata file=/x --env none --no-connect`, '/dev/null'],
    { cwd: home.user, env: { ...home.env, ...env, TERM: 'xterm' } },
  );
  let screen = '';
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
    const wasAsked = screen.includes('access_token: ');
    screen += text;
    if (!wasAsked && screen.includes('access_token: ')) terminal.stdin.write(keys);
  });
  const code = await new Promise((resolve) => terminal.once('close', resolve));
  return { code, screen };
}

test('a token typed on a terminal is not shown', async () => {
  verifies('NUC-027');
  const { code, screen } = await typeToken('typed', 'SENTINEL\r');
  assert.equal(code, 0, screen);
  assert.match(screen, /Paste access_token: \r\n.*added vendor:typed/s);
  assert.doesNotMatch(screen, /SENTINEL/);
});

test('an empty token is refused, and Ctrl-C leaves the terminal as it was', async () => {
  verifies('NUC-027');
  const empty = await typeToken('empty', '\r');
  assert.equal(empty.code, 2, empty.screen);
  assert.match(empty.screen, /Error: access_token is required\r\n$/);

  const interrupted = await typeToken('gone', 'half\u0003');
  assert.equal(interrupted.code, 130, interrupted.screen);
  assert.equal((await nucleusOk(home, ['list'], { env })).stdout.includes('vendor:typed'), true);
  assert.equal((await nucleusOk(home, ['list'], { env })).stdout.includes('vendor:gone'), false);
});
