import type { NucleusBridge } from '../src-shared/bridge.ts';
import type { ApiOf, PopoverContract, WindowContract } from '../src-shared/contract.ts';
import { isErrorCode, NucleusError } from '../src-shared/errors.ts';

/** All this window can ask and hear. */
export type WindowApi = ApiOf<WindowContract>;
/** All the popover of the tray can. */
export type PopoverApi = ApiOf<PopoverContract>;

declare global {
  interface Window {
    /** Put there by the preload; this file is the only one that reads it. */
    readonly nucleus?: NucleusBridge;
  }
}

/** The questions of the contract as functions: `api.profiles.list({})`. An error reply becomes a NucleusError. */
export function createApi<A extends WindowApi | PopoverApi = WindowApi>(bridge: NucleusBridge): A {
  const ask = async (name: string, input: unknown): Promise<unknown> => {
    // Plain data only: a rune proxy does not cross into the preload's world.
    const reply = await bridge.ask(name, JSON.parse(JSON.stringify(input)));
    if (reply.ok) return reply.value;
    const { code, message, data } = reply.error;
    throw new NucleusError(isErrorCode(code) ? code : 'INTERNAL', message, isRecord(data) ? data : {});
  };
  const events = {
    changed: (listen: Parameters<WindowApi['events']['changed']>[0]) =>
      bridge.on((topics) => listen({ topics: [...topics] })),
  };
  const groups = new Proxy(
    {},
    {
      get: (_, group) =>
        group === 'events'
          ? events
          : new Proxy(
              {},
              { get: (_inner, name) => (input: unknown) => ask(`${String(group)}.${String(name)}`, input) },
            ),
    },
  );
  // The app's own process checks each question and each answer against the contract.
  return groups as A;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
