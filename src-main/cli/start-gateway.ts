import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from '../../src-shared/attach.ts';
import { NucleusError } from '../../src-shared/errors.ts';
import { ensurePrivateFolder } from '../gateway/storage/files.ts';
import type { Paths } from '../gateway/storage/paths.ts';
import { gatewayEnvironment, rememberSession } from '../gateway/storage/session-env.ts';
import type { Context } from './context.ts';
import { findGateway, pause } from './find-gateway.ts';
import { nodeFlags } from './node-platform.ts';

const maxLogBytes = 5 * 1024 * 1024;
const lookEvery = 50;

/**
 * Starts a gateway that outlives this process and waits until it listens. Another one that won the race for the lock
 * is as good. `auto`: nobody asked for it by name, so it ends when no client has been there for a while.
 */
export async function startGateway(
  context: Context,
  options: { auto: boolean; waitMs: number },
): Promise<Endpoint> {
  const { paths } = context;
  rememberSession(paths, context.env);
  ensurePrivateFolder(paths.home);
  const child = spawnGateway(context, options.auto);
  let exit: string | null = null;
  child.once('error', (error) => {
    exit = error.message;
  });
  child.once('exit', (code, signal) => {
    exit ??= signal === null ? `exit code ${code}` : `signal ${signal}`;
  });
  const deadline = Date.now() + options.waitMs;
  for (;;) {
    // Read before looking: a gateway that ended because another one runs leaves that one to be found.
    const ended = exit;
    const endpoint = await findGateway(paths);
    if (endpoint !== null) return endpoint;
    if (ended !== null) throw startFailed(paths, `the gateway ended at once (${ended})`);
    if (Date.now() >= deadline) {
      throw startFailed(paths, `the gateway did not listen within ${options.waitMs / 1_000} seconds`);
    }
    await pause(lookEvery);
  }
}

/** Own session, own environment, own log, none of our pipes: closing the client must not touch it. */
function spawnGateway(context: Context, auto: boolean): ReturnType<typeof spawn> {
  const { paths } = context;
  const log = openLog(paths);
  try {
    const child = spawn(
      process.execPath,
      [
        ...nodeFlags(),
        join(context.root, 'src-main', 'cli', 'main.ts'),
        'gateway',
        ...(auto ? ['--auto'] : []),
        ...(context.configFile === undefined ? [] : ['--config', context.configFile]),
      ],
      {
        cwd: paths.home,
        env: gatewayEnvironment(paths, context.env, userInfo().uid),
        detached: true,
        stdio: ['ignore', log, log],
        windowsHide: true,
      },
    );
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

function openLog(paths: Paths): number {
  ensurePrivateFolder(paths.logs);
  const file = logFile(paths);
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > maxLogBytes) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

function logFile(paths: Paths): string {
  return join(paths.logs, 'gateway.log');
}

function startFailed(paths: Paths, sentence: string): NucleusError {
  const file = logFile(paths);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-5);
  const said = lines.join('\n') === '' ? '' : `:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  return new NucleusError('GATEWAY_UNREACHABLE', `${sentence}; its log is ${file}${said}`);
}
