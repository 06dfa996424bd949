import { tmpdir } from 'node:os';
import * as z from 'zod';
import { defaultConfig, type Config } from '../../src-shared/config.ts';
import { NucleusError } from '../../src-shared/errors.ts';
import { headerProblem, isHeaderValue } from '../../src-shared/headers.ts';
import { profileId, type Profile } from '../../src-shared/model.ts';
import { noAudit } from './audit/audit.ts';
import { builtinConnectors, createGateway, type Gateway } from './gateway.ts';
import type { Platform } from './platform.ts';
import { createConnectors } from './profiles/connectors.ts';
import { emptyManifest, type Manifest } from './profiles/manifest.ts';
import { openRegistry } from './storage/database.ts';
import { readTextIfExists } from './storage/files.ts';
import { createGuard } from './storage/guard-store.ts';
import { createProfileStore } from './storage/profile-store.ts';
import { createNoVault } from './storage/vault.ts';

/** The part of a Claude Desktop configuration that names servers; other keys of a file are left alone. */
const ServersFile = z.object({
  mcpServers: z.record(
    z.string().min(1),
    z.object({
      command: z.string().min(1).optional(),
      url: z
        .url({ protocol: /^https?$/ })
        .refine((url) => new URL(url).username === '', 'must not hold a user name')
        .optional(),
      // `streamable-http` and its other spelling are what some hosts write; the short forms are those of most.
      type: z.enum(['stdio', 'http', 'sse', 'streamable-http', 'streamableHttp']).optional(),
      headers: z.record(z.string(), z.string()).superRefine(checkHeaders).default({}),
      args: z.array(z.string()).default([]),
      env: z.record(z.string(), z.string()).default({}),
      cwd: z.string().nullable().default(null),
    }),
  ),
});

const sample =
  '{"mcpServers":{"files":{"command":"npx","args":["-y","@modelcontextprotocol/server-filesystem","."]}}}';

/**
 * Serves the servers of a `{"mcpServers":…}` file without registering anything: profile `<server>:default` each, no
 * vault, no lock, no state. For trying, testing and benchmarks.
 */
export function createServersGateway(options: {
  readonly platform: Platform;
  readonly file: string;
  readonly version: string;
  readonly resources: string;
  readonly config?: Config;
}): Gateway {
  const { platform } = options;
  const registry = openRegistry('memory');
  const store = createProfileStore(registry.db);
  const servers = readServers(options.file);
  for (const [name, server] of Object.entries(servers))
    store.insert(toProfile(name, server, Math.floor(platform.clock.now() / 1000)));
  const connectors = createConnectors({
    builtinFolder: builtinConnectors(options.resources),
    customFolder: null,
    log: platform.log,
  });
  const get = (name: string): Manifest | null =>
    toManifest(name, Object.hasOwn(servers, name) ? servers[name] : undefined, options.file) ??
    connectors.get(name);
  const vault = createNoVault();
  const gateway = createGateway(
    {
      platform,
      config: options.config ?? defaultConfig,
      configPlace: null,
      version: options.version,
      home: tmpdir(),
      registry,
      vault,
      policyFile: platform.env['NUCLEUSMCP_POLICY'] || null,
      guard: createGuard({ vault, db: registry.db, clock: platform.clock, log: platform.log }),
      canSignIn: false,
      connectors: { ...connectors, get, of: ({ connector }) => get(connector) },
      audit: noAudit,
      records: null,
    },
    () => ({ socket: null, http: null, httpProblem: null, stop: () => {} }),
  );
  gateway.startBackground();
  return {
    ...gateway,
    async close() {
      await gateway.close();
      registry.close();
    },
  };
}

type Server = z.output<typeof ServersFile>['mcpServers'][string];

function readServers(file: string): Record<string, Server> {
  const invalid = (why: string): NucleusError =>
    new NucleusError('CONFIG_INVALID', `${file} ${why}; it should look like ${sample}`);
  const text = readTextIfExists(file);
  if (text === null) throw invalid('does not exist');
  let raw: unknown;
  try {
    raw = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    // What the parser says quotes the text, and that may hold a secret.
    throw invalid('is not valid JSON');
  }
  if (!hasServers(raw)) throw invalid('names no servers under "mcpServers"');
  const parsed = ServersFile.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`is not valid at ${issue?.path.join('.') ?? ''} (${issue?.message ?? 'not valid'})`);
  }
  const { mcpServers } = parsed.data;
  for (const [name, { command, url }] of Object.entries(mcpServers))
    if ((command === undefined) === (url === undefined))
      throw invalid(`server "${name}" needs either a command or a url`);
  return mcpServers;
}

function toProfile(name: string, server: Server, createdAt: number): Profile {
  const { command, args, env, cwd } = server;
  return {
    id: profileId(name, 'default'),
    connector: name,
    name: 'default',
    metadata: {},
    createdAt,
    isDefault: false,
    launch: command === undefined ? null : { command, args, env, secretEnv: [], cwd },
    readOnly: null,
    stderr: 'null',
  };
}

/** What a manifest would say of a server behind a URL; null for one with a command, which its profile holds. */
function toManifest(name: string, server: Server | undefined, file: string): Manifest | null {
  if (server?.url === undefined) return null;
  return {
    ...emptyManifest({ file, kind: 'custom', name }),
    transport:
      server.type === 'sse' ? 'sse' : server.type?.startsWith('streamable') ? 'streamable-http' : 'http',
    url: server.url,
    headers: server.headers,
  };
}

function checkHeaders(headers: Readonly<Record<string, string>>, context: z.RefinementCtx): void {
  for (const [name, value] of Object.entries(headers)) {
    const problem =
      headerProblem(name) ??
      (isHeaderValue(value) && !value.includes('{{')
        ? null
        : 'has a value that no header can hold, or a {{hole}}, which nothing fills here');
    if (problem !== null) context.addIssue({ code: 'custom', path: [name], message: problem });
  }
}

function hasServers(raw: unknown): boolean {
  const servers = (raw as { mcpServers?: unknown } | null)?.mcpServers;
  if (servers === undefined || servers === null) return false;
  return typeof servers !== 'object' || Object.keys(servers).length > 0;
}
