/** One entry of a view: a profile under the name it has there. */
export interface Binding {
  readonly profile: string;
  readonly connector: string;
  readonly alias: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The account of its connector that is meant when none is named. */
  readonly isDefault?: boolean;
  /** A person's remark, shown in every description. */
  readonly note?: string | undefined;
}

/** Where an exposed name or URI leads. */
export interface Route {
  readonly binding: Binding;
  /** The upstream's own name or URI. */
  readonly name: string;
}

const scheme = 'nucleus://';

/**
 * The URI under which a client sees a resource of a profile: `nucleus://<connector>/<alias>/<URI>`, the upstream's own
 * appended as it is. Two profiles that offer the same URI stay apart, and what a client fills into a template
 * (RFC 6570) reaches the upstream as it filled it in.
 */
export function exposedUri(binding: Binding, uri: string): string {
  return `${scheme}${encodeURIComponent(binding.connector)}/${encodeURIComponent(binding.alias)}/${uri}`;
}

/** The parts of an exposed URI, or null for any other URI. */
export function parseExposedUri(uri: string): { connector: string; alias: string; uri: string } | null {
  const [, connector, alias, own] = /^nucleus:\/\/([^/]+)\/([^/]+)\/(.+)$/s.exec(uri) ?? [];
  if (!connector || !alias || !own) return null;
  try {
    return { connector: decodeURIComponent(connector), alias: decodeURIComponent(alias), uri: own };
  } catch {
    // Not one of ours: ours decode.
    return null;
  }
}
