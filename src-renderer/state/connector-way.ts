import type { ConnectorSummary, ConnectorWay, MetadataField, SignInMethod } from '../../src-shared/model.ts';

/** What of a connector a person chose: null is its own. */
export interface WayChoice {
  readonly variant: string | null;
  readonly auth: string | null;
}

/** One way to a service, and how a profile signs in there. */
export interface ChosenWay {
  readonly way: ConnectorWay;
  /** null where the connector names none. */
  readonly method: SignInMethod | null;
  /** Names of the secrets a profile brings. */
  readonly secrets: readonly string[];
}

export function chosenWay(connector: ConnectorSummary, { variant, auth }: WayChoice): ChosenWay {
  const own = variant === null ? undefined : connector.variants[variant];
  const way = own ?? connector;
  const wanted = auth ?? way.auth;
  const method = way.methods.find((one) => one.method === wanted) ?? null;
  return { way, method, secrets: method?.secrets ?? way.secrets };
}

/** The connector's ways as one chooses among them; empty where there is only one. */
export function waysOf(
  connector: ConnectorSummary,
): readonly { readonly value: string; readonly label: string }[] {
  const variants = Object.entries(connector.variants);
  if (variants.length === 0) return [];
  return [['', connector] as const, ...variants].map(([value, way]) => ({
    value,
    label: value === '' ? placeOf(way) : `${value}: ${placeOf(way)}`,
  }));
}

/** What the form asks for: what its server can list is chosen once it answers, unless it is needed or known before. */
export function fieldsOf(
  { metadata, pickers }: ConnectorWay,
  known: Readonly<Record<string, unknown>>,
): readonly MetadataField[] {
  return metadata.filter(({ key, required }) => required || key in known || !pickers.includes(key));
}

/** Whether a person signs in with an app of their own, whose id and secret the form asks for. */
export function needsClient(method: SignInMethod | null): boolean {
  return method !== null && (method.group === 'own-app' || method.method === 'machine');
}

/** The way to take where this one is likely to be refused, or needs an app of one's own. */
export function insteadOf(way: ConnectorWay, method: SignInMethod | null): SignInMethod | null {
  if (method?.group !== 'known-clients' && method?.group !== 'own-app') return null;
  const others = way.methods.filter((one) => one.method === 'token' || one.method === 'basic');
  return others.find((one) => one !== method) ?? null;
}

/** What a manifest says of itself, with flags of the command line as this form calls them. */
export function noteOf(words: string): string {
  return words.replace(/--variant ([\w-]+)/g, 'server "$1"').replace(/--auth (\w+)/g, 'sign-in "$1"');
}

function placeOf({ url, transport }: ConnectorWay): string {
  if (url === null || transport === 'stdio') return 'a program on this computer';
  // A template's host is filled in by the form.
  return /^[a-z]+:\/\/([^/]+)/.exec(url)?.[1]?.replace(/\{\{metadata\.(.+?)\}\}/g, '<$1>') ?? url;
}
