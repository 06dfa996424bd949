import type { Api } from '../../src-shared/contract.ts';
import { NucleusError } from '../../src-shared/errors.ts';
import type { Host } from '../gateway/host.ts';
import { rememberSession } from '../gateway/storage/session-env.ts';
import type { Context } from './context.ts';
import { findGateway } from './find-gateway.ts';
import { note } from './output.ts';
import { startProgress } from './progress.ts';

/** The gateway as a command sees it. */
export interface OpenApi {
  readonly api: Api;
  /** Whether another process is the gateway; else this one is, until it closes. */
  readonly running: boolean;
  close(): Promise<void>;
}

/** How long a command waits for its turn at the state folder. */
const lockTimeout = 30_000;
/** How long it waits for the lock before it looks again whether the holder answers for it. */
const lockTurn = 250;

/** Reaches the running gateway, or is the gateway for as long as the command runs (docs/lifecycle.md). */
export async function openApi(context: Context): Promise<OpenApi> {
  rememberSession(context.paths, context.env);
  const deadline = Date.now() + lockTimeout;
  const progress = startProgress(context, 'Opening Nucleus …');
  try {
    // Loaded here, so that help and usage errors do not wait for it, nor a client of a running gateway for SQLite.
    const { connectControl, localApi } = await import('../gateway/downstream/control.ts');
    for (;;) {
      const endpoint = await findGateway(context.paths);
      if (endpoint !== null) {
        if (context.config?.namedBy === '--config') {
          note(context, 'note: --config is ignored; the running gateway has read its own');
        }
        const { api, close } = await connectControl(endpoint.socket, context.version);
        return { api, running: true, close: async () => close() };
      }
      const host = await hostInProcess(context, Math.min(lockTurn, deadline - Date.now()));
      if (host !== null) {
        const forget = closeOnSignal(host);
        const close = (): Promise<void> => host.close().finally(forget);
        return { api: localApi(host.handlers), running: false, close };
      }
      if (Date.now() >= deadline) {
        throw new NucleusError(
          'GATEWAY_BUSY',
          `another nucleus process has held ${context.paths.home} for 30 seconds and does not answer; end it and try again`,
        );
      }
      progress.say('Waiting for another nucleus command to finish …');
    }
  } finally {
    progress.end();
  }
}

/** Runs `work` with the gateway and lets go of it whatever happens. */
export async function withApi<T>(context: Context, work: (open: OpenApi) => Promise<T>): Promise<T> {
  const open = await openApi(context);
  try {
    return await work(open);
  } finally {
    await open.close();
  }
}

/**
 * Ctrl-C during a slow probe must not leave the servers behind that were started for it. Answers what forgets about it.
 */
export function closeOnSignal(host: Pick<Host, 'close'>): () => void {
  const endBy = (exitCode: number) => (): void => void host.close().finally(() => process.exit(exitCode));
  const onInterrupt = endBy(130);
  const onTerminate = endBy(143);
  process.once('SIGINT', onInterrupt).once('SIGTERM', onTerminate);
  return () => process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate);
}

async function hostInProcess(context: Context, waitMs: number): Promise<Host | null> {
  process.umask(0o077);
  const { hostGateway } = await import('../gateway/host.ts');
  const { createOwnPlatform } = await import('./own-platform.ts');
  const { configPlace, readConfig } = await import('./read-config.ts');
  const config = readConfig(context);
  try {
    return await hostGateway({
      platform: createOwnPlatform(context, config.log),
      paths: context.paths,
      version: context.version,
      resources: context.resources,
      listen: false,
      waitMs: Math.max(0, waitMs),
      config,
      configPlace: configPlace(context),
    });
  } catch (error) {
    if (error instanceof NucleusError && error.code === 'GATEWAY_BUSY') return null;
    throw error;
  }
}
