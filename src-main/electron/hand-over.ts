import type { Endpoint } from '../../src-shared/attach.ts';
import { NucleusError, toNucleusError } from '../../src-shared/errors.ts';
import { connectControl } from '../gateway/downstream/control.ts';
import { hostGateway, type Host, type HostOptions } from '../gateway/host.ts';
import { readEndpoint } from '../gateway/storage/endpoint.ts';

/** A gateway that was asked to make way finishes its calls for up to 30 s before it lets go of the lock. */
const patienceMs = 35_000;
/** How long to wait for the lock before looking who holds it: another one may have come in between. */
const turnMs = 500;

/** Hosts the gateway, in place of the one that may run already: that one is asked to finish and end. */
export async function takeOver(options: Omit<HostOptions, 'waitMs' | 'listen'>): Promise<Host> {
  const { paths, version, platform } = options;
  const deadline = Date.now() + patienceMs;
  const asked = new Set<string>();
  for (let waitMs = 0; ; waitMs = turnMs) {
    try {
      return await hostGateway({ ...options, listen: true, waitMs });
    } catch (error) {
      if (!(error instanceof NucleusError) || error.code !== 'GATEWAY_BUSY') throw error;
      if (Date.now() >= deadline) throw error;
    }
    const other = readEndpoint(paths);
    // Without an address it is a command that is about to end, or a gateway that is starting or ending.
    if (!other || asked.has(nameOf(other))) continue;
    asked.add(nameOf(other));
    platform.log.info('asking the running gateway to make way', { pid: other.pid, version: other.version });
    await askToEnd(other, version).catch((error: unknown) => {
      platform.log.warn('the running gateway was not reached', { reason: toNucleusError(error).message });
    });
  }
}

function nameOf({ pid, startedAt }: Endpoint): string {
  return `${pid} ${startedAt}`;
}

async function askToEnd({ socket }: Endpoint, version: string): Promise<void> {
  const control = await connectControl(socket, version);
  try {
    await control.api.gateway.stop({ byPerson: false });
  } finally {
    control.close();
  }
}
