import { isAbsolute } from 'node:path';
import type { Handlers, Probe, ProfileInfo } from '../../../src-shared/contract.ts';
import type { SignInInfo } from '../../../src-shared/sign-in.ts';
import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import { checkName, profileId, type ConnectorSummary, type Profile } from '../../../src-shared/model.ts';
import type { EnvClass } from '../../../src-shared/policy.ts';
import type { Clock } from '../platform.ts';
import type { Catalog } from '../routing/catalog.ts';
import { isObject } from '../wire/frame.ts';
import type { ProfileStore } from '../storage/profile-store.ts';
import type { Vault } from '../storage/vault.ts';
import type { Supervisor } from '../upstream/supervisor.ts';
import { classTaken, createClassChanges } from './change-env.ts';
import type { Connectors } from './connectors.ts';
import type { EnvClasses } from './env-classes.ts';
import { checkMetadata, describeCommand, secretsOf } from './launch.ts';
import { planMove } from './move-connector.ts';
import type { Places } from './places.ts';
import { holesOf } from './template.ts';
import { chooseWay, goesToSamePlace, wayOf } from './way.ts';

type Adding = Parameters<Handlers['profiles']['add']>[0];

/** A person looks at one upstream this long at most. */
const probeMs = 60_000;

export interface Profiles {
  readonly handlers: Omit<Handlers['profiles'], 'choices' | 'pick'>;
  /** Throws where there is none, or it is being removed. */
  existing(id: string): Profile;
  /** Starts its server to look at it; what goes wrong is part of the answer. */
  probe(id: string): Promise<Probe>;
  /** Stores these fields of its metadata, empty ones as none; its server is reached anew. */
  setMetadata(id: string, fields: Readonly<Record<string, string>>): Promise<Profile>;
  /** Any class, or none: for a person only. */
  changeEnv(id: string, env: EnvClass | null): Promise<Profile>;
  /** Whether a profile is out of every view, on its way to being removed. */
  isLeaving(id: string): boolean;
  remove(id: string): Promise<string[]>;
  /** Does what removals are still to be done. */
  close(): Promise<void>;
}

/** Answers the questions about profiles; the only writer of profiles, their secrets and their custom connectors. */
export function createProfiles(deps: {
  readonly store: ProfileStore;
  /** Runs all of it or nothing. */
  readonly transaction: (work: () => void) => void;
  /** What names profiles elsewhere; it follows in the same transaction. */
  readonly clients: { renameProfile(from: string, to: string): void; removeProfile(id: string): void };
  readonly vault: Vault;
  readonly signIns: {
    rename(from: string, to: string): void;
    leave(id: string): Promise<() => Promise<void>>;
    describe(id: string): SignInInfo | null;
  };
  /** Whose account a profile with a token is. */
  readonly accounts: { forget(id: string): void; ofToken(id: string): Promise<string[]> };
  readonly places: Places;
  readonly envs: EnvClasses;
  readonly connectors: Connectors;
  readonly catalog: Catalog;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  /** Whether every rule on a profile still holds for it under another id. */
  mayRename(from: string, to: string): boolean;
  /** A profile was added, removed or changed; of a connector, its default. */
  onChange(id: string): void;
  /** What a profile leads to may be another account from now on. */
  onMoved(id: string): void;
  /** A removal that was due could not be done. */
  onFailure(error: unknown): void;
}): Profiles {
  const { store, vault, envs, connectors, catalog, supervisor, clock } = deps;
  /** Profiles that are removed when their time to be kept is over. */
  const leaving = new Map<string, () => void>();

  function existing(id: string): Profile {
    const profile = leaving.has(id) ? null : store.get(id);
    if (!profile) throw new NucleusError('PROFILE_UNKNOWN', `no profile with id "${id}"`, { profile: id });
    return envs.apply(profile);
  }

  const classes = createClassChanges({ existing, envs, store, onChange: deps.onChange });

  async function add(input: Adding): Promise<Awaited<ReturnType<Handlers['profiles']['add']>>> {
    checkName('connector', input.connector);
    checkName('profile', input.name);
    const id = profileId(input.connector, input.name);
    // Kept for an undo only, it must not take its successor along when its time is over.
    if (leaving.has(id)) await removeLeaving(id);
    const stored = store.get(id);
    const before = stored && envs.apply(stored);
    if (before && !input.replace)
      throw new NucleusError(
        'PROFILE_EXISTS',
        `profile ${id} exists already; pick another name, or add --replace`,
        {
          profile: id,
        },
      );
    const notes = [...ignoredHeaders(input), ...clearHeaders(input)];
    const move = planMove({ connectors, store, vault }, input);
    let undoMove = (): void => {};
    const undoConnector = ensureConnector(input);
    try {
      const profile = prepare(input, before, move.isAway);
      const writeSecrets = await vault.put(id, input.secrets);
      // While the vault was opened, another add that failed may have taken the connector back.
      ensureConnector(input);
      // With the new secrets, not before them: what is stored must not go to another origin.
      undoMove = move.act();
      await envs.keep({ [id]: profile.env ?? null }, () =>
        deps.transaction(() => {
          if (before) store.replace(profile);
          else store.insert(profile);
          if (before) dropStale(before, profile, input.secrets);
          deps.places.settle(profile, connectors.of(profile));
          writeSecrets();
        }),
      );
    } catch (error) {
      undoMove();
      // One that came in meanwhile may count on it.
      if (!isUsed(input.connector)) undoConnector();
      throw error;
    }
    if (before) {
      deps.onMoved(id);
      await supervisor.stop(id);
      catalog.forget(id);
    }
    await Promise.all(move.followers().map((follower) => supervisor.stop(follower)));
    deps.onChange(id);
    const found = input.connect ? await probe(id) : null;
    if (found?.ok) notes.push(...(await deps.accounts.ofToken(id)));
    return { profile: existing(id), probe: found, notes };
  }

  /** Secrets of another place have no use here, and must not come to one by a later change of the connector. */
  function dropStale(before: Profile, after: Profile, given: Readonly<Record<string, string>>): void {
    const isSame = deps.places.isSame(before, after, connectors.of(after));
    if (!isSame || Object.keys(given).length > 0) deps.accounts.forget(after.id);
    if (isSame) return;
    for (const kind of vault.names(after.id)) vault.drop({ profile_id: after.id, issuer: '', kind });
  }

  /** Headers belong to the connector: other ones with a later profile would not be sent. */
  function ignoredHeaders({ connector, headers }: Adding): string[] {
    const manifest = connectors.get(connector);
    const differs = ([name, value]: [string, string]): boolean => manifest?.headers[name] !== value;
    return manifest && Object.entries(headers).some(differs)
      ? [`${connector} is a known connector; headers other than its own are ignored`]
      : [];
  }

  /** A credential that was typed as it is lies in the connector's file, where a secret would be sealed. */
  function clearHeaders({ connector, headers }: Adding): string[] {
    if (connectors.get(connector)) return [];
    return Object.entries(headers)
      .filter(
        ([name, value]) => /authorization|cookie|token|key|secret/i.test(name) && holesOf(value).length === 0,
      )
      .map(
        ([name]) => `the value of ${name} is kept in clear; {{secret}} in its place is asked for and sealed`,
      );
  }

  /** A command of one's own needs a connector to belong to; it is made with the first profile of that name. */
  function ensureConnector(input: Adding): () => void {
    if (connectors.get(input.connector)) return () => {};
    const problem = connectors.problems().find(({ connector }) => connector === input.connector);
    if (problem)
      throw new NucleusError(
        'CONNECTOR_INVALID',
        `connector ${input.connector}: ${problem.message}; ${problem.fix}`,
      );
    if (input.url !== null)
      return connectors.saveCustom(
        httpConnector(input.connector, input.transport ?? 'http', input.url, input.headers),
      );
    if (!input.launch)
      throw new NucleusError(
        'CONNECTOR_UNKNOWN',
        `unknown connector "${input.connector}"; name its URL or its command to make it one, for example:\n` +
          `  nucleus add ${input.connector} ${input.name} --command npx --arg -y --arg some-mcp-server@1.0.0`,
      );
    return connectors.saveCustom({
      name: input.connector,
      description: 'MCP servers started by a command of their own',
      transport: 'stdio',
      auth: 'none',
    });
  }

  function present(): Profile[] {
    return store
      .list()
      .filter(({ id }) => !leaving.has(id))
      .map(envs.apply);
  }

  function isUsed(connector: string): boolean {
    return store.list().some((profile) => profile.connector === connector);
  }

  /** The profile as it will be stored; throws when something is missing or too much. */
  function prepare(input: Adding, before: Profile | null, isMovingAway: boolean): Profile {
    const id = profileId(input.connector, input.name);
    const way = wayOf(input, before);
    const launch = input.launch ?? before?.launch ?? null;
    // A command of one's own is all there is to know, whatever connector it is put under.
    const manifest = launch ? null : chooseWay(connectors, input.connector, way);
    if (input.readOnly === true && manifest && !manifest.readOnly)
      throw new NucleusError(
        'ARGUMENTS_INVALID',
        `connector ${manifest.name} has no read-only switch; limit what its token or sign-in may do instead`,
      );
    if (manifest?.transport === 'stdio' && !manifest.stdio)
      throw new NucleusError(
        'CONNECTOR_INVALID',
        `connector ${manifest.name} has no command of its own; give one with --command`,
      );
    if (input.env !== null && before?.env !== undefined && before.env !== input.env)
      throw classTaken(id, before.env);
    const env = input.env ?? before?.env;
    const needed = secretsOf({ launch }, manifest);
    const profile: Profile = {
      id,
      connector: input.connector,
      name: input.name,
      metadata: checkMetadata(manifest, { ...before?.metadata, ...input.metadata }, input.cwd),
      createdAt: before?.createdAt ?? Math.floor(clock.now() / 1000),
      isDefault: before?.isDefault ?? false,
      launch,
      readOnly: input.readOnly ?? before?.readOnly ?? null,
      stderr: input.stderr,
      ...rootsOf(input, before),
      ...way,
      ...(env !== undefined && { env }),
    };
    const mayKeep =
      before &&
      !isMovingAway &&
      goesToSamePlace(before, profile, manifest) &&
      deps.places.isSame(before, profile, manifest);
    const stored = new Set(mayKeep ? vault.names(id) : []);
    for (const name of needed)
      if (!input.secrets[name] && !stored.has(name))
        throw new NucleusError(
          'SECRET_REQUIRED',
          `${name} is required for ${id}${before && !mayKeep ? ', which goes elsewhere now' : ''}; type it when asked, or pipe it with --token-stdin`,
        );
    const unasked = Object.keys(input.secrets).find((name) => !needed.includes(name));
    if (unasked !== undefined)
      throw new NucleusError('ARGUMENTS_INVALID', `${id} has no use for a secret named ${unasked}`);
    return profile;
  }

  async function probe(id: string): Promise<Probe> {
    const startedAt = clock.now();
    const { promise: late, reject } = Promise.withResolvers<never>();
    const forget = clock.after(probeMs, () =>
      reject(new NucleusError('UPSTREAM_TIMEOUT', `${id} did not answer within ${probeMs / 1000} s`)),
    );
    try {
      const offer = await Promise.race([catalog.refresh(id), late]);
      const server = isObject(offer.greeting['serverInfo']) ? offer.greeting['serverInfo'] : {};
      return {
        ok: true,
        tools: offer.tool.length,
        prompts: offer.prompt.length,
        resources: offer.resource.length,
        server: [server['name'], server['version']].filter((part) => typeof part === 'string').join(' '),
        milliseconds: clock.now() - startedAt,
      };
    } catch (thrown) {
      const { code, message } = toNucleusError(thrown);
      return { ok: false, code, message };
    } finally {
      forget();
    }
  }

  function summaryOf(name: string): ConnectorSummary | null {
    const manifest = connectors.get(name);
    return manifest && connectors.summary(manifest);
  }

  async function describe(profile: Profile, withProbe: boolean): Promise<ProfileInfo> {
    const secrets = vault.names(profile.id);
    return {
      profile,
      connector: summaryOf(profile.connector),
      command: describeCommand(profile, connectors.of(profile)),
      credentials: secrets.length === 0 ? null : `${secrets.join(', ')} (in the vault)`,
      signIn: deps.signIns.describe(profile.id),
      probe: withProbe ? await probe(profile.id) : null,
    };
  }

  async function removeNow(id: string): Promise<string[]> {
    const profile = existing(id);
    const secrets = vault.names(id);
    const endSignIn = await deps.signIns.leave(id);
    existing(id);
    // The row goes first: a call that comes while the upstream is stopped must not start it again.
    await envs.keep({ [id]: null }, () =>
      deps.transaction(() => {
        vault.remove(id);
        store.remove(id);
        // Whoever comes under this id later is another account: no client may have it unasked.
        deps.clients.removeProfile(id);
      }),
    );
    await supervisor.stop(id);
    catalog.forget(id);
    const removed = [id, ...secrets.map((name) => `secret ${name} of ${id}`)];
    if (!isUsed(profile.connector) && connectors.removeCustom(profile.connector))
      removed.push(`connector ${profile.connector}`);
    deps.onChange(id);
    await endSignIn();
    return removed;
  }

  /** Does at once what was to be done after the time for an undo. */
  function removeLeaving(id: string): Promise<string[]> {
    leaving.get(id)?.();
    leaving.delete(id);
    return removeNow(id);
  }

  async function rename(id: string, name: string): Promise<Profile> {
    checkName('profile', name);
    const profile = existing(id);
    const renamed = { ...profile, id: profileId(profile.connector, name), name, isDefault: false };
    if (renamed.id === id) return profile;
    if (!deps.mayRename(id, renamed.id))
      throw new NucleusError(
        'POLICY_DENIED',
        `a rule of policy.toml names ${id} and would not hold for ${renamed.id}; change the rule first`,
        { profile: id },
      );
    const moveSecrets = await vault.rename(id, renamed.id);
    // It may have been removed while the vault was opened.
    existing(id);
    await envs.keep({ [id]: null, [renamed.id]: profile.env ?? null }, () =>
      deps.transaction(() => {
        store.insert(renamed);
        store.setPlace(renamed.id, store.placeOf(id));
        moveSecrets();
        deps.signIns.rename(id, renamed.id);
        store.remove(id);
        deps.clients.renameProfile(id, renamed.id);
        if (profile.isDefault) store.setDefault(renamed.id);
      }),
    );
    await supervisor.stop(id);
    catalog.rename(id, renamed.id);
    deps.onChange(id);
    deps.onChange(renamed.id);
    return existing(renamed.id);
  }

  async function setMetadata(id: string, fields: Readonly<Record<string, string>>): Promise<Profile> {
    const profile = existing(id);
    const metadata = checkMetadata(connectors.of(profile), { ...profile.metadata, ...fields }, null);
    store.replace({ ...profile, metadata });
    deps.onMoved(id);
    await supervisor.stop(id);
    catalog.forget(id);
    deps.onChange(id);
    return existing(id);
  }

  const handlers: Profiles['handlers'] = {
    list: present,
    add,
    info: ({ id, probe: withProbe }) =>
      Promise.all((id === null ? present() : [existing(id)]).map((profile) => describe(profile, withProbe))),
    remove: async ({ id }) => ({ removed: await removeNow(id) }),
    removeLater({ id, undoMs }) {
      existing(id);
      const forget = clock.after(undoMs, () => {
        removeLeaving(id).catch(deps.onFailure);
      });
      leaving.set(id, forget);
      deps.onChange(id);
      return {};
    },
    keep({ id }) {
      leaving.get(id)?.();
      const kept = leaving.delete(id);
      if (kept) deps.onChange(id);
      return { kept };
    },
    rename: ({ id, name }) => rename(id, name),
    async setSecrets({ id, secrets }) {
      const profile = existing(id);
      const needed = secretsOf(profile, connectors.of(profile));
      const unknown = Object.keys(secrets).find((name) => !needed.includes(name));
      if (unknown !== undefined)
        throw new NucleusError('ARGUMENTS_INVALID', `${id} has no use for a secret named ${unknown}`);
      const writeSecrets = await vault.put(id, secrets);
      existing(id);
      deps.transaction(() => {
        writeSecrets();
        deps.accounts.forget(id);
      });
      deps.onMoved(id);
      // The next call starts it with the new one.
      await supervisor.stop(id);
      deps.onChange(id);
      deps.accounts.ofToken(id).catch(deps.onFailure);
      return { changed: Object.keys(secrets) };
    },
    setEnv: ({ id, env }) => classes.give(id, env),
    use({ id }) {
      existing(id);
      store.setDefault(id);
      deps.onChange(id);
      return existing(id);
    },
    clearDefault({ connector }) {
      const cleared = store.clearDefault(connector);
      if (cleared) deps.onChange(connector);
      return { cleared };
    },
  };

  return {
    handlers,
    existing,
    probe,
    setMetadata,
    changeEnv: classes.change,
    isLeaving: (id) => leaving.has(id),
    remove: removeNow,
    async close() {
      for (const id of Array.from(leaving.keys())) await removeLeaving(id);
    },
  };
}

/** What the person names now, else what there was. */
function rootsOf({ roots }: Adding, before: Profile | null): Pick<Profile, 'roots'> {
  const relative = roots.find((folder) => !isAbsolute(folder));
  if (relative !== undefined)
    throw new NucleusError('METADATA_INVALID', `the folder ${relative} must be an absolute path`);
  if (roots.length > 0) return { roots };
  return before?.roots ? { roots: before.roots } : {};
}

/** A connector of one's own behind a URL: its headers may hold secrets, which each profile then brings. */
function httpConnector(
  name: string,
  transport: NonNullable<Adding['transport']>,
  url: string,
  headers: Readonly<Record<string, string>>,
): Parameters<Connectors['saveCustom']>[0] {
  const holes = Object.values(headers).flatMap((template) => holesOf(template));
  const secrets = [...new Set(holes.flatMap((hole) => (hole.kind === 'secret' ? [hole.name] : [])))];
  return {
    name,
    description: `MCP server at ${new URL(url).host}`,
    transport,
    url,
    auth: secrets.length > 0 ? 'token' : 'none',
    headers,
    secrets,
  };
}
