import { chmodSync, existsSync, lstatSync } from 'node:fs';
import type { Finding } from '../../../src-shared/doctor.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { HostName } from '../../../src-shared/hosts.ts';
import { writeStableShim } from '../hosts/stable-shim.ts';
import { readEndpoint } from '../storage/endpoint.ts';
import { removeIfExists } from '../storage/files.ts';
import { acquireLock } from '../storage/lock.ts';
import type { Outside } from './scene.ts';

/** Mends what a finding that says `isFixable` is about. Touches no secret, no rule, no profile. */
export async function mend(outside: Outside, finding: Finding, signal: AbortSignal): Promise<void> {
  const { paths, resources, hosts, isHolder } = outside;
  const { check } = finding;
  const subject = finding.subject ?? '';
  if (check === 'home-mode') return chmodSync(subject, 0o700);
  if (check === 'file-mode') return chmodSync(subject, modeFor(subject, paths.shim));
  if (check === 'leftover') return removeIfExists(subject);
  if (check === 'command') return writeStableShim(paths, resources);
  if (check === 'client-entry' || check === 'client-duplicate') {
    // The command first: an entry that leads nowhere helps nobody.
    if (!existsSync(paths.shim)) writeStableShim(paths, resources);
    await hosts.handlers.connect({ host: HostName.parse(subject) }, { signal });
    return;
  }
  if (check === 'socket' && !isSocket(subject)) return chmodSync(subject, 0o700);
  if (isHolder) throw inUse(paths.home);
  // With the lock nobody else is the gateway, nor becomes it meanwhile.
  const lock = acquireLock(paths);
  if (!lock) throw inUse(paths.home);
  try {
    if (check === 'socket') removeIfExists(subject);
    if (check === 'endpoint') removeEndpoint(outside);
    if (check === 'audit-index')
      for (const suffix of ['', '-wal', '-shm']) removeIfExists(paths.auditIndex + suffix);
  } finally {
    lock.release();
  }
}

function removeEndpoint({ paths }: Outside): void {
  const socket = readEndpoint(paths)?.socket;
  removeIfExists(paths.endpoint);
  if (socket !== undefined && isSocket(socket)) removeIfExists(socket);
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

function modeFor(path: string, shim: string): number {
  return path === shim || lstatSync(path).isDirectory() ? 0o700 : 0o600;
}

function inUse(home: string): NucleusError {
  return new NucleusError(
    'GATEWAY_BUSY',
    `another Nucleus process holds ${home}; wait for it to end, or stop it with nucleus stop`,
  );
}
