import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureElectron } from '../../scripts/ensure-electron.ts';
import { appEnvironment, startApp } from '../helpers/app.ts';
import { createHome, type Home } from '../helpers/home.ts';
import { gone } from '../helpers/processes.ts';
import { until } from '../helpers/until.ts';
import { median, root } from './machine.ts';
import { gatewayProcesses, usageOf } from './usage.ts';

/*
 * npm run bench:app: the packed app beside an app that is nothing but an icon in the tray, in turn. What is waited for
 * is a file that both write at the same point, so that both are seen equally late.
 */

const runs = 9;
const patience = 60_000;
const packed = join(root, 'dist', 'linux-unpacked', 'nucleus');
const icon = join(root, 'resources', 'tray', 'normal-22Template.png');
const flags = ['--password-store=basic'];

const cleanups: (() => void | Promise<void>)[] = [];
const scope = { after: (clean: () => void | Promise<void>) => void cleanups.push(clean) };
try {
  await measure();
} finally {
  for (const clean of cleanups.reverse()) await clean();
}

async function measure(): Promise<void> {
  const bare: number[] = [];
  const tray: number[] = [];
  const gateway: number[] = [];
  const shown: number[] = [];
  const idle: { rss: number; pss: number }[] = [];
  const { executable } = await ensureElectron(() => {});
  // Both have been started before, as on a person's machine.
  const work = mkdtempSync(join(tmpdir(), 'bare-tray-'));
  scope.after(() => rmSync(work, { recursive: true, force: true }));
  const home = quietHome();
  for (let run = -1; run < runs; run += 1) {
    const one = await bareTray(executable, work);
    const two = await ourTray(home, ['--hidden'], 'the icon is in the tray', null);
    const three = await ourTray(home, ['--hidden'], 'app started', run === runs - 1 ? idle : null);
    const four = await ourTray(home, [], 'window shown', null);
    // The first ones fill the caches of the disk.
    if (run < 0) continue;
    bare.push(one);
    tray.push(two);
    gateway.push(three);
    shown.push(four);
  }
  console.log('| start | median | best | times |\n| --- | ---: | ---: | ---: |');
  for (const [name, values] of [
    ['bare Electron with a tray icon', bare],
    ['tray ready', tray],
    ['gateway ready', gateway],
    ['window shown', shown],
  ] as const)
    console.log(
      `| ${name} | ${median(values).toFixed(0)} ms | ${Math.min(...values).toFixed(0)} ms | ${(median(values) / median(bare)).toFixed(2)} |`,
    );
  console.log('\n| memory | RSS, all processes | PSS |\n| --- | ---: | ---: |');
  for (const { rss, pss } of idle)
    console.log(`| packed, tray only | ${rss.toFixed(0)} MiB | ${pss.toFixed(0)} MiB |`);
  await windowStates();
  console.log('\n| size | |\n| --- | ---: |');
  for (const [name, bytes] of sizes()) console.log(`| ${name} | ${(bytes / 1e6).toFixed(0)} MB |`);
}

async function bareTray(executable: string, work: string): Promise<number> {
  const mark = join(work, 'mark');
  rmSync(mark, { force: true });
  const began = performance.now();
  const program = join(import.meta.dirname, 'programs', 'bare-tray');
  const child = spawn(executable, [...flags, `--user-data-dir=${work}`, program], {
    env: { ...process.env, BENCH_MARK: mark, BENCH_ICON: icon },
    stdio: 'ignore',
  });
  await until('the icon is there', () => existsSync(mark), patience);
  const took = performance.now() - began;
  await end(child);
  return took;
}

/** From the start of the packed app to this word in its log. */
async function ourTray(
  home: Home,
  args: readonly string[],
  word: string,
  idle: { rss: number; pss: number }[] | null,
): Promise<number> {
  const log = join(home.state, 'logs', 'app.log');
  rmSync(log, { force: true });
  const began = performance.now();
  const child = spawn(packed, [...flags, ...args], { env: appEnvironment(home), stdio: 'ignore' });
  await until(
    `its log says ${word}`,
    () => existsSync(log) && readFileSync(log, 'utf8').includes(word),
    patience,
  );
  const took = performance.now() - began;
  if (idle) idle.push(await settled(child.pid ?? 0));
  await end(child);
  return took;
}

function quietHome(): Home {
  return createHome(scope, '[log]\nlevel = "debug"\n');
}

/** What all its processes hold, once they do nothing any more. */
async function settled(pid: number): Promise<{ rss: number; pss: number }> {
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const { rssMib, pssMib } = usageOf(gatewayProcesses([pid]));
  return { rss: rssMib, pss: pssMib };
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await gone(child.pid ?? 0, patience);
}

/** The same app unpacked, whose window can be opened and closed from here. */
async function windowStates(): Promise<void> {
  const app = await startApp(scope, quietHome(), { args: ['--hidden'] });
  const pid = app.electron.process().pid ?? 0;
  const show = async (name: string): Promise<void> => {
    const { rss, pss } = await settled(pid);
    console.log(`| unpacked, ${name} | ${rss.toFixed(0)} MiB | ${pss.toFixed(0)} MiB |`);
  };
  await show('tray only');
  await app.startAgain();
  await app.page();
  await show('window shown');
  await app.electron.evaluate(({ BrowserWindow }) => {
    for (const window of BrowserWindow.getAllWindows()) window.close();
  });
  await until('the window is gone', async () => (await app.windows()) === 0, patience);
  await show('window closed again');
}

function sizes(): [string, number][] {
  const folder = join(root, 'dist', 'linux-unpacked');
  const unpacked = Number(spawnSync('du', ['-sb', folder], { encoding: 'utf8' }).stdout.split('\t')[0]);
  const files = globSync('*.{tar.gz,deb,AppImage,rpm}', { cwd: join(root, 'dist') }).sort();
  const size = (name: string): number => statSync(join(root, 'dist', name)).size;
  return [
    ['dist/linux-unpacked', unpacked],
    ['app.asar', statSync(join(folder, 'resources', 'app.asar')).size],
    ...files.map((name): [string, number] => [name, size(name)]),
  ];
}
