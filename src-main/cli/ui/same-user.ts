import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/**
 * Whether the other end of a connection on this machine belongs to this user: on Linux others can read the link in the
 * arguments of the program that opens the browser. Where the system does not tell, everybody passes; the link counts.
 */
export function isSameUser(socket: Pick<Socket, 'localPort' | 'remotePort'>): boolean {
  const user = process.getuid?.();
  if (process.platform !== 'linux' || user === undefined) return true;
  const { localPort, remotePort } = socket;
  if (localPort === undefined || remotePort === undefined) return false;
  let table: string;
  try {
    table = readFileSync('/proc/net/tcp', 'latin1');
  } catch {
    // A system that hides its connections; nobody is accused for it.
    return true;
  }
  const owner = ownerOf(table, remotePort, localPort);
  // Root sees everything anyway, and what carries connections into a container or a virtual machine is often root's.
  return owner === null || owner === 0 || owner === user;
}

/** The user whose end of a loopback connection goes from one port to the other, by proc_net_tcp(5); null when it is not listed. */
export function ownerOf(table: string, from: number, to: number): number | null {
  const [local, remote] = [loopback(from), loopback(to)];
  for (const line of table.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    if (fields[1] === local && fields[2] === remote) return Number(fields[7]);
  }
  return null;
}

function loopback(port: number): string {
  return `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
}
