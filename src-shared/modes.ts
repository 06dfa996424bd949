import { NucleusError } from './errors.ts';

/** How much of the catalog is advertised to a client. No zod here: the shim loads this file on every start of a client. */
export const modes = ['expose-all'] as const;
export type Mode = (typeof modes)[number];

const spellings: Readonly<Record<string, Mode>> = {
  '': 'expose-all',
  all: 'expose-all',
  expose_all: 'expose-all',
  'expose-all': 'expose-all',
};

/** The mode a person or a client entry names, in any of the original's spellings; throws USAGE. */
export function parseMode(text: string): Mode {
  const mode = Object.hasOwn(spellings, text) ? spellings[text] : undefined;
  if (mode !== undefined) return mode;
  const wanted = modes.map((name) => `'${name}'`).join(', ');
  throw new NucleusError('USAGE', `unknown --mode "${text}" (want ${wanted})`);
}
