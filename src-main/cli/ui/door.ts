import { existsSync } from 'node:fs';
import type { Api } from '../../../src-shared/contract.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { connectControl } from '../../gateway/downstream/control.ts';
import { readEndpoint } from '../../gateway/storage/endpoint.ts';
import type { Context } from '../context.ts';
import { startGateway } from '../start-gateway.ts';

/** A connection to the gateway; what was asked over it is cancelled when it closes. */
export interface Line {
  readonly api: Api;
  close(): void;
}

/** Opens connections to the gateway of this state folder, whichever it is by now. */
export type OpenLine = () => Promise<Line>;

const startMs = 20_000;

/** Starts a gateway where none runs, as a shim does, and none that a person stopped. */
export function createDoor(context: Context): OpenLine {
  const { paths, version } = context;
  let starting: Promise<unknown> | null = null;

  async function reach(): Promise<Line | null> {
    const endpoint = readEndpoint(paths);
    if (endpoint === null) return null;
    try {
      return await connectControl(endpoint.socket, version);
    } catch (error) {
      if (error instanceof NucleusError && error.code === 'GATEWAY_UNREACHABLE') return null;
      throw error;
    }
  }

  return async () => {
    const line = await reach();
    if (line) return line;
    if (existsSync(paths.stopped))
      throw new NucleusError('GATEWAY_STOPPED', 'Nucleus was stopped by you; run nucleus start');
    starting ??= startGateway(context, { auto: true, waitMs: startMs, args: [] }).finally(() => {
      starting = null;
    });
    await starting;
    const started = await reach();
    if (started) return started;
    throw new NucleusError(
      'GATEWAY_UNREACHABLE',
      'the gateway ended as soon as it was started; run nucleus doctor',
    );
  };
}
