import { NucleusError } from './errors.ts';

/**
 * How much of the catalog is advertised to a client. No zod here: the shim loads this file on every start of a client.
 * `auto` takes the first of expose-all, hybrid and search that fits the token budget; `merged` shows one tool for all
 * accounts of a connector, `compat` the two tools of Nexus.
 */
export const fixedModes = ['expose-all', 'hybrid', 'search', 'merged', 'compat'] as const;
export const modes = ['auto', ...fixedModes] as const;
export type Mode = (typeof modes)[number];
/** A mode that says what is shown; `auto` only chooses among them. */
export type FixedMode = (typeof fixedModes)[number];

const spellings: Readonly<Record<string, Mode>> = {
  '': 'auto',
  all: 'expose-all',
  expose_all: 'expose-all',
  recommend: 'hybrid',
  recommendation: 'hybrid',
};

/** The mode a person or a client entry names, in any of the original's spellings; throws USAGE. */
export function parseMode(text: string): Mode {
  const known = modes.find((mode) => mode === text);
  if (known !== undefined) return known;
  if (Object.hasOwn(spellings, text)) return spellings[text] as Mode;
  const wanted = modes.map((name) => `'${name}'`).join(', ');
  throw new NucleusError('USAGE', `unknown --mode "${text}" (want ${wanted})`);
}

/** A profile that is always advertised, as `--always-on` names it. */
export interface AlwaysOn {
  readonly connector: string;
  readonly alias: string;
}

/** Reads `connector:alias` in any case; throws USAGE. */
export function parseAlwaysOn(text: string): AlwaysOn {
  const [connector, alias, ...rest] = text.trim().toLowerCase().split(':');
  if (connector && alias && rest.length === 0) return { connector, alias };
  throw new NucleusError('USAGE', `--always-on wants connector:alias, such as supabase:prod, not "${text}"`);
}
