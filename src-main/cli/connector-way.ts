import { NucleusError } from '../../src-shared/errors.ts';
import type { ConnectorSummary, ConnectorWay, Profile, SignInMethod } from '../../src-shared/model.ts';

/** One way to a service, and how a profile signs in there. */
export interface ChosenWay {
  readonly way: ConnectorWay;
  readonly method: SignInMethod | null;
}

/** What flags name, else what the profile had before, else the connector's own. */
export function chooseWay(
  connector: ConnectorSummary,
  asked: { readonly variant: string | null; readonly auth: string | null },
  before: Pick<Profile, 'variant' | 'auth'> | undefined,
): ChosenWay {
  const variant = asked.variant ?? before?.variant;
  const way = variant === undefined ? connector : ownEntry(connector.variants, variant);
  if (!way) throw unknown(connector, 'variant', variant ?? '', Object.keys(connector.variants));
  const kept = variant === before?.variant ? before?.auth : undefined;
  const auth = asked.auth ?? kept ?? way.auth;
  const method = way.methods.find((one) => one.method === auth) ?? null;
  if (!method && asked.auth !== null)
    throw unknown(
      connector,
      'way to sign in',
      auth,
      way.methods.map((one) => one.method),
    );
  return { way, method };
}

/** The flags that lead to the other ways. */
export function otherWays({ variants }: ConnectorSummary, { way, method }: ChosenWay): string[] {
  const others = way.methods.filter((one) => one !== method && one.method !== 'none');
  const own = Object.entries(variants).filter(([, one]) => one !== way);
  return [...others.map((one) => `--auth ${one.method}`), ...own.map(([variant]) => `--variant ${variant}`)];
}

function ownEntry<T>(entries: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(entries, key) ? entries[key] : undefined;
}

function unknown(
  { name }: ConnectorSummary,
  what: string,
  word: string,
  there: readonly string[],
): NucleusError {
  const rest = there.length === 0 ? 'there is none' : `it has ${there.join(', ')}`;
  return new NucleusError('USAGE', `${name} has no ${what} "${word}"; ${rest}`);
}
