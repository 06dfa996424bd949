import { userInfo } from 'node:os';
import { keyMark, type AttachLine } from '../../src-shared/attach.ts';
import type { Config, ConfigInput } from '../../src-shared/config.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { hostGateway } from '../gateway/host.ts';
import { openHttpDoor } from '../gateway/http-door.ts';
import { createLog } from '../gateway/log.ts';
import type { Platform } from '../gateway/platform.ts';
import { createServersGateway } from '../gateway/standalone.ts';
import { gatewayEnvironment } from '../gateway/storage/session-env.ts';
import { writeLine } from '../gateway/downstream/socket.ts';
import { readLines } from '../gateway/wire/lines.ts';
import type { Context } from './context.ts';
import { createNodePlatform } from './node-platform.ts';
import { withProgress } from './progress.ts';
import { configPlace, readConfig } from './read-config.ts';

/** How long to wait for another command to let go of the state folder. */
const lockTimeout = 30_000;
/** Calls under way get this long after a signal. */
const drainMs = 30_000;

/** `serve --standalone`: this process is the gateway, its only client is on stdin and stdout. */
export async function serveStandalone(
  context: Context,
  flags: ConfigInput,
  line: AttachLine,
): Promise<number> {
  process.umask(0o077);
  const config = readConfig(context, flags);
  const opening = hostGateway({
    platform: createPlatform(context, gatewayEnvironment(context.paths, context.env, userInfo().uid), config),
    paths: context.paths,
    version: context.version,
    resources: context.resources,
    listen: false,
    waitMs: lockTimeout,
    config,
    configPlace: configPlace(context, flags),
  });
  const host = await withProgress(context, 'Waiting for the state folder …', opening);
  host.gateway.startBackground();
  await serveOnStdio(context, host.gateway, line, config, line.cwd);
  await host.close();
  return 0;
}

/** `serve --servers FILE`: a gateway over the servers of a file, without any state. */
export async function serveFile(
  context: Context,
  file: string,
  options: {
    readonly flags: ConfigInput;
    readonly line: AttachLine;
    /** `host:port` to listen on instead of stdio. */
    readonly http: string | undefined;
  },
): Promise<number> {
  const { flags, line, http } = options;
  const config = readConfig(context, flags);
  const platform = createPlatform(context, context.env, config);
  const gateway = createServersGateway({
    platform,
    file,
    version: context.version,
    resources: context.resources,
    config,
  });
  if (http === undefined) await serveOnStdio(context, gateway, line, config);
  else await serveOnHttp(platform, gateway, config, { listen: http, version: context.version });
  await gateway.close();
  return 0;
}

/** A front without tokens over a gateway without state, until a signal says so. */
async function serveOnHttp(
  platform: Platform,
  gateway: Gateway,
  config: Config,
  { listen, version }: { listen: string; version: string },
): Promise<void> {
  const { front } = await openHttpDoor({
    platform,
    config,
    asked: { listen, token: 'none' },
    gateway,
    version,
    startedAt: Date.now(),
    onClients: () => {},
  });
  platform.log.info('gateway listening', { http: front?.url, pid: process.pid });
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve).once('SIGTERM', resolve);
  });
  front?.stopListening();
  const late = Promise.withResolvers<void>();
  const forget = platform.clock.after(drainMs, late.resolve);
  // A second signal ends the process as it stands: there is no state to be lost.
  await Promise.race([front?.finish(), late.promise]);
  forget();
  await front?.close();
}

function createPlatform(context: Context, env: Platform['env'], config: Config): Platform {
  const log = createLog({
    write: (text) => context.stderr.write(text),
    now: Date.now,
    settings: config.log,
  });
  return createNodePlatform({ env, resources: context.resources, log });
}

/** One session over this process's own streams; resolves when the client is gone or a signal says so. */
async function serveOnStdio(
  { stdin, stdout, stderr }: Context,
  gateway: Gateway,
  line: AttachLine,
  config: Config,
  folder?: string,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const session = gateway.openSession(
    {
      answer: (_id, message) => writeLine(stdout, message),
      notify(message) {
        writeLine(stdout, message);
        return true;
      },
      end: resolve,
      backlog: () => stdout.writableLength,
    },
    { principal: line.client === undefined ? 'local' : `${keyMark}${line.client}` },
    folder === undefined ? line.view : { ...line.view, folder },
  );
  readLines(stdin, {
    limit: config.upstream.max_frame_mib,
    onLine: (text) => session.receive(text),
    onOverflow: (head, tail, length) => session.overflow(head, tail, length),
  });
  for (const note of session.notes()) stderr.write(`${note}\n`);
  stdin.once('end', () => session.finish()).once('error', () => resolve());
  stdout.once('close', resolve);
  process.once('SIGINT', resolve).once('SIGTERM', resolve);
  await promise;
  session.close();
}
