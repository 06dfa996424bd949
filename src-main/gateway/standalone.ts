import { tmpdir } from 'node:os';
import * as z from 'zod';
import { defaultConfig, type Config } from '../../src-shared/config.ts';
import { NucleusError } from '../../src-shared/errors.ts';
import { profileId, type Profile } from '../../src-shared/model.ts';
import { noAudit } from './audit/audit.ts';
import { builtinConnectors, createGateway, type Gateway } from './gateway.ts';
import type { Platform } from './platform.ts';
import { createConnectors } from './profiles/connectors.ts';
import { openRegistry } from './storage/database.ts';
import { readTextIfExists } from './storage/files.ts';
import { createProfileStore } from './storage/profile-store.ts';
import { createNoVault } from './storage/vault.ts';

/** The part of a Claude Desktop configuration that names servers; other keys of a file are left alone. */
const ServersFile = z.object({
  mcpServers: z.record(
    z.string().min(1),
    z.object({
      command: z.string().min(1).optional(),
      url: z.string().optional(),
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
  for (const profile of readServers(options.file, Math.floor(platform.clock.now() / 1000)))
    store.insert(profile);
  const gateway = createGateway(
    {
      platform,
      config: options.config ?? defaultConfig,
      version: options.version,
      home: tmpdir(),
      registry,
      vault: createNoVault(),
      connectors: createConnectors({
        builtinFolder: builtinConnectors(options.resources),
        customFolder: null,
        log: platform.log,
      }),
      audit: noAudit,
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

function readServers(file: string, createdAt: number): Profile[] {
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
  return Object.entries(parsed.data.mcpServers).map(([name, server]) => {
    if (!server.command)
      throw new NucleusError(
        'UPSTREAM_UNSUPPORTED',
        `${file}: server "${name}" names no command; servers behind a url come with a later version`,
      );
    return {
      id: profileId(name, 'default'),
      connector: name,
      name: 'default',
      metadata: {},
      createdAt,
      isDefault: false,
      launch: { command: server.command, args: server.args, env: server.env, secretEnv: [], cwd: server.cwd },
      readOnly: null,
      stderr: 'null' as const,
    };
  });
}

function hasServers(raw: unknown): boolean {
  const servers = (raw as { mcpServers?: unknown } | null)?.mcpServers;
  if (servers === undefined || servers === null) return false;
  return typeof servers !== 'object' || Object.keys(servers).length > 0;
}
