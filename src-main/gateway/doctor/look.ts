import { copyFileSync, lstatSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Config } from '../../../src-shared/config.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { noAudit } from '../audit/audit.ts';
import { builtinConnectors, createGateway } from '../gateway.ts';
import { createImport } from '../import/import.ts';
import { ownGateway } from '../import/own-gateway.ts';
import type { Keychain } from '../platform.ts';
import { createConnectors } from '../profiles/connectors.ts';
import { createAuditSeals } from '../storage/audit-seals.ts';
import { openRegistry, type Registry } from '../storage/database.ts';
import { createGuard } from '../storage/guard-store.ts';
import { keychainService } from '../storage/keychain.ts';
import type { Paths } from '../storage/paths.ts';
import { createVault } from '../storage/vault.ts';
import { createFindSecrets } from './client-secrets.ts';
import { isAlive } from './processes.ts';
import type { Inside, Outside } from './scene.ts';

/** A registry that changes under the copy is copied anew, so often. */
const tries = 3;

/**
 * A gateway over a copy of the registry, for looking only: it needs no lock, makes no file in the state folder, migrates
 * nothing there and changes no keychain. It serves nobody, and what it writes is gone when it is closed.
 */
export async function openToLook(
  options: Outside & { readonly config: Config },
): Promise<{ readonly inside: Inside; close(): Promise<void> }> {
  const { paths } = options;
  const platform = {
    ...options.platform,
    loadKeychain: async () => readOnly(await options.platform.loadKeychain()),
  };
  removeOldCopies(tmpdir());
  const folder = mkdtempSync(join(tmpdir(), `${copyPrefix}${process.pid}-`));
  const opened: (() => void | Promise<void>)[] = [
    () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  ];
  const close = async (): Promise<void> => {
    for (const one of opened.splice(0).reverse()) await one();
  };
  try {
    const registry = openCopy(paths, folder);
    opened.push(() => registry.close());
    const vault = createVault({ db: registry.db, platform, paths });
    const guard = createGuard({ vault, db: registry.db, clock: platform.clock, log: platform.log });
    // Nobody else waits, so a slow machine is given the time that a gateway at its start has not.
    if (vault.hasKey()) await vault.status();
    await guard.load();
    const connectors = createConnectors({
      builtinFolder: builtinConnectors(options.resources),
      customFolder: paths.connectors,
      log: platform.log,
    });
    const seals = createAuditSeals({ vault, db: registry.db });
    const gateway = createGateway(
      {
        platform,
        config: options.config,
        configPlace: options.configPlace,
        version: options.version,
        home: paths.home,
        registry,
        vault,
        guard,
        policyFile: paths.policy,
        // Else accounts that are signed in would be told to be signed out.
        canSignIn: true,
        connectors,
        audit: noAudit,
        records: null,
      },
      () => ({ socket: null, http: null, httpProblem: null, stop: () => {} }),
    );
    opened.push(() => gateway.close());
    const { handlers } = gateway;
    const { hosts } = options;
    const api = ownGateway(handlers);
    const importing = createImport({ platform, paths, api, connectors, hosts, http: () => null });
    const findSecrets = createFindSecrets(importing.handlers);
    return { inside: { handlers, registry, vault, guard, connectors, seals, findSecrets }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const copyPrefix = 'nucleus-look-';

/** A look that was killed left a registry behind: an older copy brings back what a person accepted at that time. */
export function removeOldCopies(folder: string): void {
  for (const name of namesIn(folder)) {
    const pid = Number(new RegExp(`^${copyPrefix}(\\d+)-`).exec(name)?.[1] ?? 0);
    if (pid === 0 || isAlive(pid)) continue;
    const path = join(folder, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    // Where everybody may write, others make folders of such names, too.
    if (stat?.isDirectory() && stat.uid === (process.getuid?.() ?? stat.uid))
      rmSync(path, { recursive: true, force: true });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // One that may be written and not read: then nothing of ours can be found there.
    return [];
  }
}

function openCopy(paths: Paths, folder: string): Registry {
  const at = (path: string): string => join(folder, basename(path));
  try {
    for (let left = tries; left > 0; left -= 1) {
      const before = stampOf(paths);
      for (const path of filesOf(paths)) copyIfExists(path, at(path));
      if (stampOf(paths) === before) break;
    }
    return openRegistry({
      paths: {
        ...paths,
        home: folder,
        registry: at(paths.registry),
        registryMarker: at(paths.registryMarker),
      },
    });
  } catch (error) {
    // People know where their registry is, not where we look at it.
    if (!(error instanceof NucleusError)) throw error;
    throw new NucleusError(error.code, error.message.replaceAll(folder, paths.home), {}, { cause: error });
  }
}

function filesOf({ registry, registryMarker }: Paths): string[] {
  return [registry, `${registry}-wal`, `${registry}-journal`, registryMarker];
}

function stampOf(paths: Paths): string {
  return filesOf(paths)
    .map((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : '';
    })
    .join('\n');
}

function copyIfExists(from: string, to: string): void {
  rmSync(to, { force: true });
  const stat = statSync(from, { throwIfNoEntry: false });
  if (stat?.isFile()) copyFileSync(from, to);
}

/** What is written is seen by this process alone, but for the probe that tells whether anything can be written. */
function readOnly(keychain: Keychain): Keychain {
  const written = new Map<string, string | null>();
  const isOurs = (service: string, account: string): boolean =>
    service === keychainService && account.startsWith('probe:');
  return {
    getPassword: async (service, account) =>
      written.has(account) ? (written.get(account) ?? null) : keychain.getPassword(service, account),
    async setPassword(service, account, password) {
      if (isOurs(service, account)) await keychain.setPassword(service, account, password);
      else written.set(account, password);
    },
    async deletePassword(service, account) {
      if (isOurs(service, account)) return keychain.deletePassword(service, account);
      written.set(account, null);
      return true;
    },
  };
}
