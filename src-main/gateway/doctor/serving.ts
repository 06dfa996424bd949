import { existsSync, lstatSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { Endpoint } from '../../../src-shared/attach.ts';
import type { Finding } from '../../../src-shared/doctor.ts';
import { toNucleusError } from '../../../src-shared/errors.ts';
import { loadConfig } from '../config/load.ts';
import { parseAddress, formatAddress, type ListenAddress } from '../downstream/http-address.ts';
import { usualPort } from '../http-door.ts';
import { checkSocket, readEndpoint, socketPath } from '../storage/endpoint.ts';
import { isLockTaken } from '../storage/lock.ts';
import type { Check } from './examine.ts';
import { fail, ok, warn } from './finding.ts';
import { isAlive, lockHolder, portOwner } from './processes.ts';
import type { Inside, Outside } from './scene.ts';

/** Whoever is there answers at once. */
const answerMs = 1_000;

/** Whether a gateway runs, and what one that is gone left behind. For all but the gateway itself. */
export function runningChecks(outside: Outside): Check[] {
  return [
    { ids: ['gateway', 'endpoint', 'lock', 'socket'], look: () => checkRunning(outside) },
    { ids: ['http'], look: () => checkPort(outside) },
  ];
}

/** Whether clients reach the gateway, as it knows by itself. */
export function reachedChecks({ handlers }: Inside): Check[] {
  return [
    {
      ids: ['locked'],
      async look(signal) {
        const { lockedAt } = await handlers.gateway.status({}, { signal });
        if (lockedAt === null) return [];
        const since = new Date(lockedAt).toISOString();
        return [warn('locked', `Nucleus is locked since ${since}: every call is refused`, 'nucleus unlock')];
      },
    },
    {
      ids: ['http'],
      async look(signal) {
        const { httpProblem } = await handlers.gateway.status({}, { signal });
        if (httpProblem === null) return [];
        const [, host, port] = /\b(127\.0\.0\.1|\[::1\]):(\d+)/.exec(httpProblem) ?? [];
        const owner = host === undefined ? null : await portOwner(Number(port));
        const who = owner === null ? '' : ` (it is ${owner.name}, pid ${owner.pid})`;
        return [warn('http', `clients cannot come over HTTP: ${httpProblem}${who}`, httpFix)];
      },
    },
  ];
}

async function checkRunning({ paths, platform, version }: Outside): Promise<Finding[]> {
  const endpoint = readEndpoint(paths);
  const socket = endpoint?.socket ?? socketPath(paths, platform.env, process.getuid?.() ?? 0);
  const suspicion = suspect(socket);
  if (suspicion !== null) return [suspicion];
  if (endpoint !== null && (await answers(endpoint.socket))) return [describeRunning(endpoint, version)];
  if (isLockTaken(paths)) return [await describeHolder(paths.lock)];
  return [
    ...(endpoint === null ? [] : [describeStale(endpoint, paths.endpoint)]),
    ...(endpoint === null && isSocket(socket)
      ? [
          warn('socket', `${socket} was left by a gateway that is gone`, `rm ${socket}`, {
            subject: socket,
            isFixable: true,
          }),
        ]
      : []),
    existsSync(paths.stopped)
      ? warn('gateway', 'the gateway was stopped by you; clients wait', 'nucleus start')
      : ok('gateway', 'no gateway is running; the first client starts it'),
  ];
}

function describeRunning({ pid, version: running }: Endpoint, version: string): Finding {
  const sentence = `the gateway is running (pid ${pid}, version ${running})`;
  return running === version
    ? ok('gateway', sentence)
    : warn('gateway', `${sentence}, this is ${version}`, 'nucleus stop, then nucleus start');
}

function describeStale({ pid }: Endpoint, file: string): Finding {
  const who = isAlive(pid)
    ? `process ${pid}, which is no gateway of this folder`
    : `process ${pid}, which is gone`;
  return warn('endpoint', `${file} names ${who}`, `rm ${file}; the first client starts a new gateway`, {
    subject: file,
    isFixable: true,
  });
}

async function describeHolder(lock: string): Promise<Finding> {
  const pid = await lockHolder(lock);
  const who = pid === null ? 'another nucleus process' : `process ${pid}`;
  return warn(
    'lock',
    `${who} holds the state folder and does not listen: a command at work, or a gateway that starts, ends or hangs`,
    pid === null
      ? 'look again in half a minute; if it stays, end it'
      : `look again in half a minute; if it stays: kill ${pid}`,
    { subject: lock },
  );
}

/** A socket somebody else may have put there. */
function suspect(socket: string): Finding | null {
  try {
    checkSocket(socket);
    return null;
  } catch (error) {
    const { message } = toNucleusError(error);
    const folder = dirname(socket);
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    const isOurs = stat?.isDirectory() === true && stat.uid === process.getuid?.();
    const fix = isOurs
      ? `chmod 700 ${folder}`
      : `rm -r ${folder}; what is not yours, an administrator can remove`;
    return fail('socket', message, fix, { subject: folder, isFixable: isOurs });
  }
}

async function checkPort({ configPlace, paths, platform }: Outside): Promise<Finding[]> {
  const endpoint = readEndpoint(paths);
  // A gateway knows by itself.
  if (endpoint !== null && isAlive(endpoint.pid)) return [];
  const address = addressOf(configPlace, platform.env);
  if (address === null || address.port === 0) return [];
  if (!(await answers({ host: address.host || '127.0.0.1', port: address.port }))) return [];
  const owner = await portOwner(address.port);
  const who = owner === null ? 'another program' : `${owner.name} (pid ${owner.pid})`;
  return [
    warn('http', `${who} listens on ${formatAddress(address)}, so clients could not come over HTTP`, httpFix),
  ];
}

/** Where a gateway would listen; null where it would not, or the settings are wrong, which is told elsewhere. */
function addressOf(
  { path, sources }: Outside['configPlace'],
  env: Outside['platform']['env'],
): ListenAddress | null {
  try {
    const { enabled, listen } = loadConfig(path, sources).http;
    if (!enabled) return null;
    if (listen !== undefined) return parseAddress(listen);
    return { host: '127.0.0.1', port: env['NUCLEUS_HOME'] ? 0 : usualPort };
  } catch {
    return null;
  }
}

/** Whether somebody listens; not a byte is sent. */
function answers(where: string | { readonly host: string; readonly port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = typeof where === 'string' ? connect({ path: where }) : connect({ ...where });
    const done = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(answerMs, done(false));
    socket.once('connect', done(true)).on('error', done(false));
  });
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

const httpFix =
  'end the other program or set http.listen in config.toml; then nucleus stop and nucleus start. Clients on the socket need neither';
