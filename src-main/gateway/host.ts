import { existsSync } from 'node:fs';
import type { Config } from '../../src-shared/config.ts';
import type { Handlers, HandlersOf, PersonContract, Topic } from '../../src-shared/contract.ts';
import { NucleusError, toNucleusError } from '../../src-shared/errors.ts';
import { createAudit } from './audit/audit.ts';
import type { ConfigPlace } from './config/load.ts';
import { listenOnSocket, type SocketFront } from './downstream/socket.ts';
import { noDoor, openHttpDoor, type HttpDoor } from './http-door.ts';
import { createFindSecrets } from './doctor/client-secrets.ts';
import { createDoctor } from './doctor/doctor.ts';
import { createImport } from './import/import.ts';
import { ownGateway } from './import/own-gateway.ts';
import { createHosts } from './hosts/hosts.ts';
import { checkStableShim, writeStableShim } from './hosts/stable-shim.ts';
import { builtinConnectors, createGateway, type Gateway, type MachineHandlers } from './gateway.ts';
import type { Platform } from './platform.ts';
import { createConnectors } from './profiles/connectors.ts';
import { sayAtStart } from './start-messages.ts';
import { createAuditSeals } from './storage/audit-seals.ts';
import { openRegistry } from './storage/database.ts';
import { clearEndpoint, socketPath, writeEndpoint } from './storage/endpoint.ts';
import { ensurePrivateFolder, writePrivateFile } from './storage/files.ts';
import { createGuard } from './storage/guard-store.ts';
import { waitForLock } from './storage/lock.ts';
import type { Paths } from './storage/paths.ts';
import { createProfileStore } from './storage/profile-store.ts';
import { createVault } from './storage/vault.ts';

/** Calls under way get this long when a person stops the gateway, and when another one takes over. */
const stopDrainMs = 3_000;
const handOverDrainMs = 30_000;

export interface HostOptions {
  readonly platform: Platform;
  readonly paths: Paths;
  readonly version: string;
  /** Absolute path of the resources folder. */
  readonly resources: string;
  /** false: in this process only, without a socket (a command while no gateway runs). */
  readonly listen: boolean;
  /** How long to wait for whoever holds the lock. */
  readonly waitMs: number;
  /** Nobody started it by name: it ends after a while without a connection, and does not start once stopped. */
  readonly idleExit?: boolean;
  readonly config: Config;
  /** Where it was read, for what of it can be changed while the gateway runs. */
  readonly configPlace: ConfigPlace;
  /** How to listen on HTTP when a person says so; else config.toml says it, and a failure ends nothing. */
  readonly http?: { readonly listen: string; readonly token: 'clients' | 'none' } | undefined;
  readonly signal?: AbortSignal;
}

/** A gateway that owns its state folder: lock, registry, vault, audit and, when it listens, the socket. */
export interface Host {
  readonly handlers: Handlers;
  /** What only the app's own windows may ask; no socket serves it. */
  readonly person: HandlersOf<PersonContract>;
  /** A person can be asked from now on, until the returned function is called. */
  attendPerson(): () => void;
  /** Tells which topics have to be asked about again. */
  onChange(listener: (topics: readonly Topic[]) => void): () => void;
  readonly gateway: Gateway;
  readonly socket: string | null;
  /** Base URL of the HTTP front; null while there is none. */
  readonly http: string | null;
  /** Answers what was asked, for half a minute at most, then closes. */
  stop(): Promise<void>;
  /** Resolves when the gateway is closed, whoever asked. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** Takes the lock of a state folder and hosts the gateway of it. Throws GATEWAY_BUSY when another process keeps it. */
export async function hostGateway(options: HostOptions): Promise<Host> {
  const { platform, paths, version, config } = options;
  const { clock, log } = platform;
  ensurePrivateFolder(paths.home);
  ensurePrivateFolder(paths.run);
  const lock = await waitForLock(paths, {
    timeoutMs: options.waitMs,
    ...(options.signal && { signal: options.signal }),
  });
  if (!lock)
    throw new NucleusError(
      'GATEWAY_BUSY',
      `another Nucleus process holds ${paths.home}; wait for it to end, or stop it with nucleus stop`,
    );

  const closed = Promise.withResolvers<void>();
  let closing: Promise<void> | null = null;
  let front: SocketFront | null = null;
  let http: HttpDoor = noDoor;
  // Closed in the reverse order of opening, whatever fails in between.
  const opened: (() => void | Promise<void>)[] = [() => lock.release()];
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse())
      try {
        await close();
      } catch (error) {
        // The rest has to be closed all the same, the lock above all.
        log.error('closing failed', { reason: toNucleusError(error).message });
      }
  };
  const close = (): Promise<void> => (closing ??= closeAll().then(closed.resolve));

  try {
    if (options.idleExit && existsSync(paths.stopped))
      throw new NucleusError('GATEWAY_STOPPED', 'Nucleus was stopped by you; run nucleus start');
    const registry = openRegistry({ paths });
    opened.push(() => registry.close());
    sayAtStart({ log, paths, profiles: createProfileStore(registry.db).list().length });
    const vault = createVault({ db: registry.db, platform, paths });
    const guard = createGuard({ vault, db: registry.db, clock, log });
    await guard.load();
    const connectors = createConnectors({
      builtinFolder: builtinConnectors(options.resources),
      customFolder: paths.connectors,
      log,
    });
    const seals = createAuditSeals({ vault, db: registry.db });
    const audit = createAudit({
      path: paths.audit,
      fullArguments: platform.env['NUCLEUSMCP_AUDIT_FULL_ARGS'] === '1',
      clock,
      log,
      seals,
    });
    const socket = options.listen ? socketPath(paths, platform.env, process.getuid?.() ?? 0) : null;
    const gateway = createGateway(
      {
        platform,
        config,
        configPlace: options.configPlace,
        version,
        home: paths.home,
        registry,
        vault,
        guard,
        policyFile: paths.policy,
        canSignIn: true,
        connectors,
        audit,
        records: {
          path: paths.audit,
          index: paths.auditIndex,
          async sealedTo() {
            const reading = await seals.read();
            return reading.state === 'sealed' ? reading.seal.seq : null;
          },
        },
        machine: () => machine,
      },
      () => ({
        socket,
        http: http.front?.url ?? null,
        httpProblem: http.problem,
        stop(byPerson) {
          if (byPerson) writePrivateFile(paths.stopped, `${new Date(clock.now()).toISOString()}\n`);
          // After the answer has gone out.
          clock.after(20, () => void drain(byPerson ? stopDrainMs : handOverDrainMs).then(close));
        },
      }),
    );
    opened.push(() => gateway.close());
    const drain = async (limitMs: number): Promise<void> => {
      front?.stopListening();
      http.front?.stopListening();
      clearEndpoint(paths);
      const late = Promise.withResolvers<void>();
      const forget = clock.after(limitMs, late.resolve);
      await Promise.race([Promise.all([gateway.finish(), http.front?.finish()]), late.promise]);
      forget();
    };
    const hosts = createHosts({
      user: platform.env['HOME'] ?? platform.env['USERPROFILE'] ?? paths.home,
      env: platform.env,
      platform: process.platform,
      shim: paths.shim,
      folder: paths.hosts,
      version,
      checkShim: () => checkStableShim(paths),
      clock,
      log,
    });

    const importing = createImport({
      platform,
      paths,
      api: ownGateway(gateway.handlers),
      connectors,
      hosts,
      http: () => http.front?.url ?? null,
    });
    const doctor = createDoctor(
      {
        platform,
        paths,
        configPlace: options.configPlace,
        resources: options.resources,
        version,
        hosts,
        isHolder: true,
      },
      {
        handlers: gateway.handlers,
        registry,
        vault,
        guard,
        connectors,
        seals,
        findSecrets: createFindSecrets(importing.handlers),
      },
    );
    const handlers: Handlers = {
      ...gateway.handlers,
      hosts: { list: hosts.handlers.list },
      import: { look: importing.handlers.look },
      doctor: { run: doctor.run },
    };
    const machine: MachineHandlers = {
      import: importing.handlers,
      doctor: { fix: doctor.fix },
      hosts: hosts.handlers,
    };

    if (socket !== null) {
      const idle = idleExit(options.idleExit ? config.gateway.idle_exit : 0, clock, () => {
        log.info('no client for a while, ending');
        void close();
      });
      opened.push(() => idle.stop());
      front = await listenOnSocket({
        path: socket,
        version,
        clock,
        log,
        handlers,
        lineLimit: config.upstream.max_frame_mib,
        openSession: gateway.openSession,
        onConnections: (count) => idle.busy('socket', count > 0),
      });
      const listening = front;
      opened.push(() => listening.close());
      http = await openHttpDoor({
        platform,
        config,
        asked: options.http,
        gateway,
        version,
        startedAt: clock.now(),
        onClients: (count) => idle.busy('http', count > 0),
      });
      opened.push(() => http.front?.close());
      writeStableShim(paths, options.resources);
      writeEndpoint(paths, { pid: process.pid, version, socket, startedAt: clock.now() });
      opened.push(() => clearEndpoint(paths));
      gateway.startBackground();
      // With or without an app: a host drops our entry either way.
      opened.push(hosts.watch(() => gateway.announcer.announce('hosts')));
      log.info('gateway listening', { socket, http: http.front?.url, pid: process.pid });
    }
    return {
      handlers,
      person: { ...gateway.person('app'), ...machine },
      attendPerson() {
        guard
          .change((state) => (state.hasApp ? state : { ...state, hasApp: true }))
          .catch((error: unknown) =>
            log.warn('that there is an app is not kept', { reason: toNucleusError(error).message }),
          );
        return gateway.attend();
      },
      onChange: (listener) => gateway.announcer.onChange(listener),
      gateway,
      socket,
      http: http.front?.url ?? null,
      stop: () => drain(handOverDrainMs).then(close),
      closed: closed.promise,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Ends the gateway when no front has had a client for a while. */
function idleExit(
  afterMs: number,
  clock: Platform['clock'],
  end: () => void,
): { busy(front: 'socket' | 'http', now: boolean): void; stop(): void } {
  const busyFronts = new Set<string>();
  let forget: () => void = () => {};
  const watch = (): void => {
    forget();
    forget = busyFronts.size > 0 || afterMs === 0 ? () => {} : clock.after(afterMs, end);
  };
  watch();
  return {
    busy(front, now) {
      if (busyFronts.has(front) === now) return;
      if (now) busyFronts.add(front);
      else busyFronts.delete(front);
      watch();
    },
    stop: () => forget(),
  };
}
