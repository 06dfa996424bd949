import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from '../../src-shared/attach.ts';
import { isErrorCode, NucleusError } from '../../src-shared/errors.ts';
import { variablesNamedIn } from '../gateway/config/holes.ts';
import { ensurePrivateFolder, readTextIfExists } from '../gateway/storage/files.ts';
import type { Paths } from '../gateway/storage/paths.ts';
import { gatewayEnvironment, rememberSession } from '../gateway/storage/session-env.ts';
import type { Context } from './context.ts';
import { findGateway, pause } from './find-gateway.ts';
import { nodeFlags } from './node-platform.ts';

const maxLogBytes = 5 * 1024 * 1024;
const lookEvery = 50;

/**
 * Starts a gateway that outlives this process and waits until it listens. Another one that won the race for the lock
 * is as good. `auto`: nobody asked for it by name, so it ends when no client has been there for a while, and no variable
 * of ours says how it works. `args`: further flags of `nucleus gateway`.
 */
export async function startGateway(
  context: Context,
  options: { auto: boolean; waitMs: number; args: readonly string[] },
): Promise<Endpoint> {
  const { paths } = context;
  rememberSession(paths, context.env);
  ensurePrivateFolder(paths.home);
  const log = openLog(paths);
  const child = spawnGateway(context, options, log.descriptor);
  const state: { end: string | null } = { end: null };
  child.once('error', (error) => {
    state.end = error.message;
  });
  child.once('exit', (code, signal) => {
    state.end ??= signal === null ? `exit code ${code}` : `signal ${signal}`;
  });
  const deadline = Date.now() + options.waitMs;
  for (;;) {
    // Read before looking: a gateway that ended because another one runs leaves that one to be found.
    const ended = state.end;
    const endpoint = await findGateway(paths);
    if (endpoint !== null) return endpoint;
    if (ended !== null) throw startFailed(log, `the gateway ended at once (${ended})`);
    if (Date.now() >= deadline) {
      throw startFailed(
        log,
        `the gateway did not listen within ${Math.round(options.waitMs / 1_000)} seconds`,
      );
    }
    await pause(lookEvery);
  }
}

/** Own session, own environment, own log, none of our pipes: closing the client must not touch it. */
function spawnGateway(
  context: Context,
  { auto, args }: { auto: boolean; args: readonly string[] },
  log: number,
): ReturnType<typeof spawn> {
  const { paths } = context;
  // NUCLEUS_CONFIG is one of the variables of the starter, the flag is not.
  const config = auto && context.config?.namedBy !== '--config' ? null : context.config;
  try {
    const child = spawn(
      process.execPath,
      [
        ...nodeFlags(),
        join(context.root, 'src-main', 'cli', 'main.mjs'),
        'gateway',
        // Its last word, should it fail, is one we can read.
        '--json',
        ...(auto ? ['--auto'] : []),
        ...(config === null ? [] : ['--config', config.path]),
        ...args,
      ],
      {
        cwd: paths.home,
        env: {
          ...gatewayEnvironment(paths, context.env, userInfo().uid, { auto }),
          ...(auto ? {} : namedVariables(config?.path ?? paths.config, context.env)),
          // A relative path would mean another folder where the gateway starts.
          ...(context.env['NUCLEUS_HOME'] && { NUCLEUS_HOME: paths.home }),
        },
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

/** Who starts a gateway by hand gives it what its configuration asks for by name. */
function namedVariables(file: string, env: Context['env']): Record<string, string> {
  const named = variablesNamedIn(readTextIfExists(file) ?? '').map((name) => [name, env[name]] as const);
  return Object.fromEntries(named.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

interface LogFile {
  readonly path: string;
  readonly descriptor: number;
  /** Where this gateway's lines begin. */
  readonly start: number;
}

function openLog(paths: Paths): LogFile {
  ensurePrivateFolder(paths.logs);
  const path = join(paths.logs, 'gateway.log');
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > maxLogBytes) renameSync(path, `${path}.1`);
  const descriptor = openSync(path, 'a', 0o600);
  return { path, descriptor, start: fstatSync(descriptor).size };
}

/** The gateway's own last word when it left one, else what happened and the end of its log. */
function startFailed(log: LogFile, sentence: string): NucleusError {
  const text = readFileSync(log.path).subarray(log.start).toString('utf8').trimEnd();
  const lines = text.split('\n').slice(-5);
  const said = text === '' ? '' : `:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  return (
    readError(lines.at(-1) ?? '') ??
    new NucleusError('GATEWAY_UNREACHABLE', `${sentence}; its log is ${log.path}${said}`)
  );
}

function readError(line: string): NucleusError | null {
  try {
    const { error } = JSON.parse(line) as { error: { code: unknown; message: unknown } };
    return isErrorCode(error.code) ? new NucleusError(error.code, String(error.message)) : null;
  } catch {
    // A log line like any other.
    return null;
  }
}
