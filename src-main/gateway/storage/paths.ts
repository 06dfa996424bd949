import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { NucleusError } from '../../../src-shared/errors.ts';

/** Where every fact of one state folder lives (docs/state.md). */
export interface Paths {
  readonly home: string;
  readonly registry: string;
  /** Beside the registry: says it was initialised, so that an emptied file is noticed. */
  readonly registryMarker: string;
  readonly config: string;
  readonly policy: string;
  readonly connectors: string;
  /** Sign-ins of the original, in clear text; we only look whether they are there. */
  readonly originalTokens: string;
  readonly audit: string;
  /** What is found in the audit log by; made anew from it when it is gone. */
  readonly auditIndex: string;
  readonly logs: string;
  /** Copies of clients' files before we wrote to them, and that a person agreed to it. */
  readonly hosts: string;
  readonly run: string;
  readonly lock: string;
  readonly endpoint: string;
  readonly sessionEnv: string;
  readonly stopped: string;
  /** The stable command that client entries point at. */
  readonly shim: string;
}

/** The paths below NUCLEUS_HOME, or below `~/.nucleusmcp`, all absolute. Creates nothing. */
export function createPaths(env: Readonly<Record<string, string | undefined>>): Paths {
  const base = env['NUCLEUS_HOME'] || (env['HOME'] ?? env['USERPROFILE']);
  if (!base) {
    throw new NucleusError(
      'STATE_UNUSABLE',
      'neither NUCLEUS_HOME nor HOME is set; set NUCLEUS_HOME to the folder Nucleus may keep its state in',
    );
  }
  const home = resolve(env['NUCLEUS_HOME'] || join(base, '.nucleusmcp'));
  const run = join(home, 'run');
  return {
    home,
    registry: join(home, 'registry.db'),
    registryMarker: join(home, 'registry.id'),
    config: join(home, 'config.toml'),
    policy: resolve(env['NUCLEUSMCP_POLICY'] || join(home, 'policy.toml')),
    connectors: join(home, 'connectors'),
    originalTokens: join(home, 'oauth'),
    audit: join(home, 'audit.log'),
    auditIndex: join(home, 'audit.db'),
    logs: join(home, 'logs'),
    hosts: join(home, 'hosts'),
    run,
    lock: join(run, 'lock.db'),
    endpoint: join(run, 'endpoint.json'),
    sessionEnv: join(run, 'session.env'),
    stopped: join(run, 'stopped'),
    shim: join(home, 'bin', 'nucleus'),
  };
}

/** Twelve hexadecimal characters that tell one state folder from another, for names outside of it. */
export function homeHash(paths: Paths): string {
  return createHash('sha256').update(paths.home).digest('hex').slice(0, 12);
}
