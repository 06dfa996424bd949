import { invalid, type ManifestText } from './manifest-error.ts';
import { isWebAddress } from './manifest-fields.ts';

type Table = Readonly<Record<string, unknown>>;

/** Whether a file of the user's is in the original's form, which has no schema key. */
export function isOriginal(table: Table, { kind }: Pick<ManifestText, 'kind'>): boolean {
  return !Object.hasOwn(table, 'schema') && kind === 'custom';
}

/**
 * The original's form as one of schema 1: description, transport, url and auth, nothing but http with OAuth. Other keys
 * were ignored there.
 */
export function readOriginal(table: Table, source: ManifestText): Record<string, unknown> {
  const read = (key: string): string => {
    const value = table[key] ?? '';
    if (typeof value === 'string') return value;
    throw invalid(source, key, `${key} must be a text in quotes`, `put the value of ${key} in quotes`);
  };
  const transport = read('transport') || 'http';
  if (transport !== 'http')
    throw invalid(
      source,
      'transport',
      `transport "${transport}" is not supported for custom connectors (only http)`,
      'set transport = "http", or write the file in the newer form, which begins with schema = 1',
    );
  const url = read('url');
  if (url === '')
    throw invalid(source, 'url', 'url is required', 'add url = "https://…", the address of the MCP server');
  if (!isWebAddress(url))
    throw invalid(
      source,
      'url',
      `url "${url}" is not an http or https address`,
      'write the whole address, such as https://example.com/mcp',
    );
  const auth = read('auth') || 'oauth';
  if (auth !== 'oauth')
    throw invalid(
      source,
      'auth',
      `auth "${auth}" is not supported for custom connectors (only oauth)`,
      'set auth = "oauth", or write the file in the newer form, which begins with schema = 1',
    );
  return {
    schema: 1,
    name: source.name,
    description: read('description') || `Custom HTTP MCP — ${url}`,
    transport,
    url,
    auth,
  };
}
