import type { Config } from '../../src-shared/config.ts';
import type { GatewayStatus } from '../../src-shared/contract.ts';
import { NucleusError, toNucleusError } from '../../src-shared/errors.ts';
import { formatAddress, isLoopback, parseAddress, type ListenAddress } from './downstream/http-address.ts';
import { listenOnHttp, type HttpFront } from './downstream/http.ts';
import type { Caller } from './downstream/session.ts';
import type { Gateway } from './gateway.ts';
import type { Platform } from './platform.ts';

/** Where clients look for it when nobody said otherwise. */
export const usualPort = 8787;

/** The HTTP front of a gateway, or why there is none. */
export interface HttpDoor {
  readonly front: HttpFront | null;
  /** One sentence, null when all is as configured. */
  readonly problem: string | null;
}

export const noDoor: HttpDoor = { front: null, problem: null };

/**
 * Opens the HTTP front where a person or config.toml says. Asked for by hand it listens or throws; else a gateway
 * without it is better than none, and status says why it is missing.
 */
export async function openHttpDoor(deps: {
  readonly platform: Platform;
  readonly config: Config;
  readonly asked: { readonly listen: string; readonly token: 'clients' | 'none' } | undefined;
  readonly gateway: Gateway;
  readonly version: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
  onClients(count: number): void;
}): Promise<HttpDoor> {
  const { platform, config, asked, gateway } = deps;
  const { clock, log } = platform;
  if (!asked && !config.http.enabled) return noDoor;

  function open(address: ListenAddress): Promise<HttpFront> {
    checkReach(address, asked?.token ?? 'clients', gateway.clients.count());
    return listenOnHttp({
      address,
      config: config.http,
      bodyLimit: config.upstream.max_frame_mib,
      unreadLimit: config.client.max_backlog_mib,
      clock,
      log,
      verify: asked?.token === 'none' ? null : gateway.clients.verify,
      openSession: gateway.openSession,
      openOneShot: gateway.openOneShot,
      answerModern: gateway.answerModern,
      health: (caller) => health(deps, caller),
      onClients: deps.onClients,
    });
  }

  try {
    const address = asked?.listen ?? config.http.listen;
    const front =
      address === undefined
        ? await openUsual(open, platform.env['NUCLEUS_HOME'] ? 0 : usualPort)
        : await open(parseAddress(address));
    gateway.clients.onRemoved(front.endSessionsOf);
    gateway.clients.onViewChanged(front.endSessionsOf);
    if (asked?.token === 'none')
      log.warn('HTTP lets everybody in who reaches it: no client token is asked for', { url: front.url });
    return { front, problem: null };
  } catch (thrown) {
    const error = toNucleusError(thrown);
    if (asked) throw error;
    log.warn('HTTP is off', { reason: error.message });
    return { front: null, problem: error.message };
  }
}

/** The loopback address of this machine; a few have the one of IPv6 only. */
async function openUsual(
  open: (address: ListenAddress) => Promise<HttpFront>,
  port: number,
): Promise<HttpFront> {
  try {
    return await open({ host: '127.0.0.1', port });
  } catch (thrown) {
    const { reason } = toNucleusError(thrown).data;
    if (reason !== 'EADDRNOTAVAIL' && reason !== 'EAFNOSUPPORT') throw thrown;
    return open({ host: '::1', port });
  }
}

/** Who can be reached from elsewhere must know who comes. */
function checkReach(address: ListenAddress, token: 'clients' | 'none', clients: number): void {
  if (isLoopback(address.host) || (token === 'clients' && clients > 0)) return;
  throw new NucleusError(
    'USAGE',
    `refusing to serve on ${formatAddress(address)} without a client token: it can be reached from other machines; make a token first with nucleus clients add NAME, or listen on 127.0.0.1`,
  );
}

function health(
  { gateway, version, startedAt, platform }: Parameters<typeof openHttpDoor>[0],
  caller: Caller | null,
): object {
  const base = {
    status: 'healthy',
    version,
    uptime_s: Math.floor((platform.clock.now() - startedAt) / 1000),
  };
  if (!caller) return base;
  const upstreams = gateway.status().upstreams.filter(({ profile }) => gateway.mayShow(caller, profile));
  return { ...base, upstreams: upstreams.map(upstreamHealth) };
}

function upstreamHealth({ profile, state, tools, problem }: GatewayStatus['upstreams'][number]): object {
  return { profile, state, tools, problem };
}
