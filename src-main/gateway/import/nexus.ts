import { isTable } from './entry.ts';

type Table = Readonly<Record<string, unknown>>;

/** Servers of a nexus.toml as clients would write them; what has no counterpart keeps its key, so that it is named. */
export function nexusServers(document: Table, servers: Table): Record<string, unknown> {
  const mcp = isTable(document['mcp']) ? document['mcp'] : {};
  const everywhere = inserted(mcp['headers']);
  return Object.fromEntries(
    Object.entries(servers).map(([name, server]) => [
      name,
      isTable(server) ? asEntry(server, everywhere) : server,
    ]),
  );
}

function asEntry(server: Table, everywhere: Table): Table {
  if (server['url'] === undefined) return server;
  const { protocol, auth, headers, ...rest } = server;
  const token = isTable(auth) ? auth['token'] : undefined;
  // Left as it is: reading it says why it cannot be brought in.
  if (isTable(auth) && auth['type'] === 'forward') return server;
  return {
    ...rest,
    // Nexus takes an address for messages as a word for the old transport.
    ...(protocol === undefined && rest['message_url'] === undefined ? {} : { type: protocol ?? 'sse' }),
    headers: {
      ...everywhere,
      ...inserted(headers),
      ...(typeof token === 'string' && { Authorization: `Bearer ${token}` }),
    },
  };
}

/** Its headers are a list of rules; the only rule for servers is to insert one. */
function inserted(rules: unknown): Record<string, unknown> {
  if (!Array.isArray(rules)) return {};
  return Object.fromEntries(
    rules.flatMap((rule: unknown) =>
      isTable(rule) && (rule['rule'] ?? 'insert') === 'insert' && typeof rule['name'] === 'string'
        ? [[rule['name'], rule['value']] as const]
        : [],
    ),
  );
}
