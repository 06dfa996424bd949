// `nucleus ui` as a command: what it starts, prints, refuses and leaves behind. The pages themselves: ui-page.test.ts.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { controlGateway, startGateway } from '../helpers/client.ts';
import { createHome } from '../helpers/home.ts';
import { ask } from '../helpers/http.ts';
import { openDesk } from '../helpers/host.ts';
import { nucleus, nucleusOk } from '../helpers/nucleus.ts';
import { isAlive } from '../helpers/processes.ts';
import { verifies } from '../helpers/requirements.ts';
import { testPin } from '../helpers/terminal.ts';
import { startUi } from '../helpers/ui.ts';
import { until } from '../helpers/until.ts';

test('it starts a gateway where none runs, prints a link and another for Enter, and leaves the gateway', async (t) => {
  verifies('NEW-028');
  const home = createHome(t, '[http]\nenabled = false\n');
  const ui = await startUi(t, home);
  assert.match(ui.link, /^http:\/\/127\.0\.0\.1:\d+\/open\/[\w-]{43}$/);
  assert.match(ui.stderr(), /within two minutes; it works once/);
  const { pid } = home.endpoint() ?? assert.fail('no gateway runs');
  const another = await ui.another();
  assert.notEqual(another, ui.link);
  for (const link of [ui.link, another]) {
    const { origin, pathname } = new URL(link);
    assert.equal((await ask(origin, null, { path: pathname })).status, 303);
    assert.equal((await ask(origin, null, { path: pathname })).status, 403);
  }
  await until('it says who came in', () => ui.stderr().includes('Opened in a browser'), 30_000);
  assert.equal(await ui.end(), 0);
  assert.equal(isAlive(pid), true);
  await assert.rejects(ask(new URL(ui.link).origin, null, { path: '/' }));
  await nucleusOk(home, ['stop']);
  const stopped = await nucleus(home, ['ui', '--no-browser'], { within: 60_000 });
  assert.equal(stopped.code, 3);
  assert.match(stopped.stderr, /stopped by you; run nucleus start/);
});

test('a script gets the link as JSON, and a port of its choice', async (t) => {
  const home = createHome(t, '[http]\nenabled = false\n');
  await startGateway(t, home);
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const taken = await nucleus(home, ['ui', '--no-browser', '--port', String(port)], { within: 60_000 });
  assert.equal(taken.code, 3);
  assert.match(taken.stderr, new RegExp(`port ${port} cannot be had`));
  await new Promise((resolve) => server.close(resolve));
  const ui = await startUi(t, home, ['--no-browser', '--port', String(port)]);
  assert.equal(new URL(ui.link).port, String(port));
  for (const odd of ['x', '-1', '65536', '1.5', '']) {
    const { code, stderr } = await nucleus(home, ['ui', `--port=${odd}`]);
    assert.deepEqual([code, /port/.test(stderr)], [2, true], odd);
  }
  assert.equal(await ui.end(), 0);
});

test('the link is opened in the browser, and where there is none it is there to be opened', async (t) => {
  if (process.platform !== 'linux') return t.skip('what opens a browser is another program there');
  const home = createHome(t, '[http]\nenabled = false\n');
  await startGateway(t, home);
  const opened = home.path('opened');
  const bin = home.path('bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'xdg-open'), `#!/bin/sh\nprintf %s "$1" >'${opened}'\n`, { mode: 0o755 });
  const ui = await startUi(t, home, [], { env: { PATH: `${bin}:${home.env['PATH']}` } });
  await until('the link was opened', () => existsSync(opened) && readFileSync(opened, 'utf8') !== '', 30_000);
  assert.equal(readFileSync(opened, 'utf8'), ui.link);
  writeFileSync(join(bin, 'xdg-open'), '#!/bin/sh\nexit 3\n', { mode: 0o755 });
  const alone = await startUi(t, home, [], { env: { PATH: `${bin}:${home.env['PATH']}` } });
  await until('it says so', () => alone.stderr().includes('open the link yourself'), 30_000);
});

test('with the PIN a client on this machine is connected and put back, and without it not', async (t) => {
  verifies('NEW-028');
  const home = createHome(t, '[http]\nenabled = false\n');
  const file = join(home.user, '.config', 'Claude', 'claude_desktop_config.json');
  mkdirSync(dirname(file), { recursive: true });
  const before = '{ "mcpServers": { "mine": { "command": "true" } } }\n';
  writeFileSync(file, before);
  const desk = await openDesk(t, home, { isAttended: false });
  await desk.host.person.pin.set({ pin: testPin }, { signal: new AbortController().signal });
  const gateway = await controlGateway(t, home);
  const put = (question: string, pin = testPin): Promise<unknown> =>
    gateway.ask('person.askWithPin', { question, input: { host: 'claude-desktop' }, pin }, 30_000);
  await assert.rejects(put('hosts.connect', '271828'), /not the approval PIN/);
  assert.equal(readFileSync(file, 'utf8'), before);
  await put('hosts.connect');
  assert.match(readFileSync(file, 'utf8'), /"nucleus"/);
  const [status] = await gateway.ask('hosts.list', {});
  assert.equal(status?.state, 'connected');
  await put('hosts.undo');
  assert.equal(readFileSync(file, 'utf8'), before);
  assert.ok(existsSync(file));
});
