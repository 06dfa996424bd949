/** One entry of a view: a profile under the name it has there. */
export interface Binding {
  readonly profile: string;
  readonly connector: string;
  readonly alias: string;
  readonly metadata: Readonly<Record<string, string>>;
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
 * The URI under which a client sees a resource of a profile: `nucleus://<connector>/<alias>/<percent-encoded URI>`.
 * Two profiles that offer the same URI stay apart. In a template (RFC 6570) the expressions are left alone.
 */
export function exposedUri(binding: Binding, uri: string): string {
  const encoded = uri.replace(/\{[^{}]*\}|[^{}]+|[{}]/g, (part) =>
    part.startsWith('{') && part.endsWith('}') && part.length > 1 ? part : encodeURIComponent(part),
  );
  return `${scheme}${encodeURIComponent(binding.connector)}/${encodeURIComponent(binding.alias)}/${encoded}`;
}

/** The parts of an exposed URI, or null for any other URI. */
export function parseExposedUri(uri: string): { connector: string; alias: string; uri: string } | null {
  if (!uri.startsWith(scheme)) return null;
  const [connector, alias, ...rest] = uri.slice(scheme.length).split('/');
  if (!connector || !alias || rest.length === 0) return null;
  try {
    return {
      connector: decodeURIComponent(connector),
      alias: decodeURIComponent(alias),
      uri: decodeURIComponent(rest.join('/')),
    };
  } catch {
    return null;
  }
}
