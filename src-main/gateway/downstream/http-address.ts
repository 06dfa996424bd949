import { isIP } from 'node:net';
import { NucleusError } from '../../../src-shared/errors.ts';

/** Where an HTTP front listens. */
export interface ListenAddress {
  /** An IP address without brackets, a name, or empty for every interface. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

const shape = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/@]*)):(\d{1,5})$/;

/** Reads `host:port`; an IPv6 address stands in brackets. Throws USAGE. */
export function parseAddress(text: string): ListenAddress {
  const [, bracketed, plain, digits] = shape.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535 || (bracketed !== undefined && isIP(bracketed) !== 6))
    throw new NucleusError(
      'USAGE',
      `"${text}" is no address to listen on; write host:port, for example 127.0.0.1:8787 or [::1]:8787`,
    );
  return { host: bracketed ?? plain ?? '', port };
}

/** `host:port` as it stands in a URL. */
export function formatAddress({ host, port }: ListenAddress): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** Whether only programs of this machine can reach it. An empty host means every interface, so it is none. */
export function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.');
  return host === '::1' || host.toLowerCase() === 'localhost';
}
