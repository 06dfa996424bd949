import { NucleusError } from '../../../src-shared/errors.ts';
import type { Facts } from './decision.ts';

/** A call as conditions look at it: what patterns are held against is in lower case. */
export interface Call {
  readonly facts: Facts;
  readonly profile: string;
  readonly connector: string;
  /** The profile's own name, and the one it goes by for this caller. */
  readonly name: string;
  readonly alias: string;
  readonly tool: string;
  readonly operation: string;
  readonly client: string;
  readonly principal: string;
  /** The text of an argument; undefined where there is none. */
  argument(place: string): string | undefined;
}

/** Prepares a call for being held against many rules. */
export function readCall(facts: Facts): Call {
  let texts: Map<string, string | undefined> | null = null;
  const profile = facts.profile.toLowerCase();
  const tool = facts.name.toLowerCase();
  return {
    facts,
    profile,
    connector: facts.connector.toLowerCase(),
    name: profile.slice(profile.indexOf(':') + 1),
    alias: facts.alias.toLowerCase(),
    tool,
    operation: facts.operation === facts.name ? tool : facts.operation.toLowerCase(),
    client: facts.client.toLowerCase(),
    principal: facts.principal.toLowerCase(),
    argument(place) {
      texts ??= new Map();
      if (!texts.has(place)) texts.set(place, textOf(valueAt(facts.arguments, place))?.toLowerCase());
      return texts.get(place);
    },
  };
}

/** By name, or with a leading `/` by JSON pointer (RFC 6901). */
function valueAt(root: Facts['arguments'], place: string): unknown {
  if (!place.startsWith('/')) return Object.hasOwn(root, place) ? root[place] : undefined;
  let at: unknown = root;
  for (const part of place.slice(1).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    // The length of a list is a property of its own and no item.
    if (Array.isArray(at) && key === 'length') return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value);
  } catch {
    // Nested too deeply to be written. A call that cannot be judged must not pass.
    throw new NucleusError(
      'ARGUMENTS_INVALID',
      'an argument that policy.toml has a rule about is nested too deeply to be judged; call with a flatter one',
    );
  }
}
