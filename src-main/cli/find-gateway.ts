import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { Endpoint } from '../../src-shared/attach.ts';
import { checkSocket, readEndpoint } from '../gateway/storage/endpoint.ts';
import type { Paths } from '../gateway/storage/paths.ts';

/** The gateway of this state folder when one listens; its address file alone proves nothing. */
export async function findGateway(paths: Paths): Promise<Endpoint | null> {
  const endpoint = readEndpoint(paths);
  if (endpoint === null) return null;
  const socket = await connectSocket(endpoint.socket);
  socket?.destroy();
  return socket === null ? null : endpoint;
}

/** A connection to the socket, or null when nobody listens there. Throws STATE_UNUSABLE when it may be another user's. */
export async function connectSocket(path: string): Promise<Socket | null> {
  checkSocket(path);
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('error', () => resolve(null));
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      // Whoever gets the socket listens for itself; without a listener a late reset would end the process.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** Resolves after so many milliseconds. */
export async function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
