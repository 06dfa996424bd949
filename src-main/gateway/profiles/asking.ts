import { NucleusError } from '../../../src-shared/errors.ts';
import type { Profile } from '../../../src-shared/model.ts';
import { resultOf, type Dispatch } from '../routing/dispatch.ts';
import type { Params } from '../wire/frame.ts';
import { connectionKey, type Side } from './side-connection.ts';

/** Calls one tool of a profile's server. */
export type Ask = (tool: string, args: Params) => Promise<Params>;

/** Asks a profile's own server what a manifest's rules want to know. */
export type Asking = <T>(
  profile: Profile,
  side: Side,
  signal: AbortSignal,
  work: (ask: Ask) => Promise<T>,
) => Promise<T>;

/** Every question takes the one road of calls; a side connection is let go when the last who uses it is done. */
export function createAsking(deps: {
  /** The road to a profile's server over one of its connections. */
  readonly dispatchOver: (connection: string) => Dispatch;
  readonly leave: (connection: string) => Promise<void>;
  /** Whether what the profile's manifest says of its tools is believed; else such a question is a call like any other. */
  readonly isTrusted: (profile: Profile) => boolean;
}): Asking {
  const users = new Map<string, number>();

  return async (profile, side, signal, work) => {
    const { id, connector, name, metadata } = profile;
    const key = connectionKey(id, side);
    const dispatch = deps.dispatchOver(key);
    const ask: Ask = async (tool, args) => {
      const reply = await dispatch({
        kind: 'tool',
        method: 'tools/call',
        route: { binding: { profile: id, connector, alias: name, metadata }, name: tool },
        params: { name: tool, arguments: args },
        via: 'cli',
        principal: 'local',
        client: 'nucleus',
        isOwnQuestion: deps.isTrusted(profile),
        signal,
      });
      const result = resultOf(reply);
      if (result['isError'] !== true) return result;
      throw new NucleusError(
        'UPSTREAM_ERROR',
        `${id} could not list them: ${firstText(result).slice(0, 300) || `its tool ${tool} failed`}`,
        { profile: id },
      );
    };
    if (key === id) return work(ask);
    users.set(key, (users.get(key) ?? 0) + 1);
    try {
      return await work(ask);
    } finally {
      const left = (users.get(key) ?? 1) - 1;
      if (left > 0) users.set(key, left);
      else {
        users.delete(key);
        await deps.leave(key);
      }
    }
  };
}

function firstText(result: Params): string {
  const [block] = Array.isArray(result['content']) ? (result['content'] as unknown[]) : [];
  const text = (block as { text?: unknown } | undefined)?.text;
  return typeof text === 'string' ? text : '';
}
