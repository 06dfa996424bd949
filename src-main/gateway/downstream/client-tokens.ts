import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { NucleusError } from '../../../src-shared/errors.ts';
import { checkName } from '../../../src-shared/model.ts';
import type { Clock } from '../platform.ts';
import type { GrantedView } from '../routing/views.ts';
import type { ClientStore, StoredClient, ViewEntry } from '../storage/client-store.ts';

/** Each verified request looks through memory only, so there is an end to how many there can be. */
const maxClients = 200;
/** Ten years: what is meant to last longer has no end. */
const maxLifetimeMs = 3_650 * 86_400_000;
const tokenBytes = 32;
const tokenShape = /^nuc_[A-Za-z0-9_-]{43}$/;
/** Who comes over the local socket without a client key; a token must not speak in its name. */
const reserved = 'local';

/** A client that comes over HTTP: its name is the principal, its view what it may see. */
export interface ClientToken {
  readonly name: string;
  /** null for every profile; one that names none, because all were removed, shows none. */
  readonly view: GrantedView | null;
  /** Unix seconds. */
  readonly createdAt: number;
  /** Unix seconds; null for never. */
  readonly expiresAt: number | null;
}

export type Verdict =
  | { readonly kind: 'known'; readonly client: ClientToken }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'expired'; readonly name: string };

/** The tokens of clients: made once, then known by their hash only. */
export interface ClientTokens {
  /** Whose token this is. Looks in memory only: it is asked for every HTTP request. */
  verify(token: string): Verdict;
  /** How many clients there are, those whose token has ended included. */
  count(): number;
  /** The one time the token is seen. */
  add(asked: {
    readonly name: string;
    readonly view: GrantedView | null;
    readonly lifetimeMs: number | null;
  }): { readonly client: ClientToken; readonly token: string };
  /** Sorted by name. */
  list(): ClientToken[];
  remove(name: string): boolean;
  /** Writes the profile's new id into every view that has it; to be followed by `reload` when that is committed. */
  renameProfile(from: string, to: string): void;
  /** Takes the profile out of every view, so that another account of its id does not come in; as above. */
  removeProfile(id: string): void;
  /** Reads the clients anew after a transaction that may have changed them. */
  reload(): void;
  /** A client was removed: its sessions are to be ended. */
  onRemoved(listener: (name: string) => void): () => void;
  /** A client sees other profiles than before, or under other names: a session that knows the old view is to be ended. */
  onViewChanged(listener: (name: string) => void): () => void;
}

export function createClientTokens(deps: {
  readonly store: ClientStore;
  readonly clock: Clock;
  readonly random?: (bytes: number) => Buffer;
}): ClientTokens {
  const { store, clock, random = randomBytes } = deps;
  const removed = new Set<(name: string) => void>();
  const viewChanged = new Set<(name: string) => void>();
  /** Every client by its name, and by the digest of its token; null until somebody asks. */
  let index: Index | null = null;

  const known = (): Index => (index ??= createIndex(store.list()));
  const readAnew = (): Index => {
    index = null;
    return known();
  };

  function changeViews(change: (profiles: readonly ViewEntry[]) => readonly ViewEntry[]): void {
    for (const { name, profiles } of store.list()) {
      const next = profiles && change(profiles);
      if (next && JSON.stringify(next) !== JSON.stringify(profiles)) store.setProfiles(name, next);
    }
  }

  return {
    verify(token) {
      if (!tokenShape.test(token)) return { kind: 'unknown' };
      const digest = digestOf(token);
      const found = known().byDigest.get(digest.toString('base64'));
      // How far the look-up came tells nothing: nobody can choose the digest of what they send.
      if (!found || !timingSafeEqual(found.digest, digest)) return { kind: 'unknown' };
      const { client } = found;
      return client.expiresAt !== null && clock.now() >= client.expiresAt * 1_000
        ? { kind: 'expired', name: client.name }
        : { kind: 'known', client };
    },
    count: () => known().byName.size,
    add({ name, view, lifetimeMs }) {
      checkClientName(name);
      if (known().byName.has(name))
        throw new NucleusError(
          'CLIENT_EXISTS',
          `client ${name} exists already; pick another name, or take its token away with nucleus clients remove ${name}`,
        );
      if (known().byName.size >= maxClients)
        throw new NucleusError(
          'CLIENTS_FULL',
          `there are ${maxClients} clients already, more are not kept; remove one with nucleus clients remove`,
        );
      const token = `nuc_${random(tokenBytes).toString('base64url')}`;
      const now = clock.now();
      const expiresAt = lifetimeMs === null ? null : Math.ceil((now + checkLifetime(lifetimeMs)) / 1_000);
      const createdAt = Math.floor(now / 1_000);
      const workspace = view?.workspace ?? null;
      const isNarrow = view !== null && workspace === null;
      const profiles = isNarrow ? (view.profiles ?? []).map(({ id, alias }) => ({ id, alias })) : null;
      store.insert({ name, hash: digestOf(token), profiles, workspace, createdAt, expiresAt });
      readAnew();
      return { client: { name, view: viewOf({ profiles, workspace }), createdAt, expiresAt }, token };
    },
    list: () => [...known().byName.values()],
    remove(name) {
      const isRemoved = store.remove(name);
      readAnew();
      if (isRemoved) for (const listener of removed) listener(name);
      return isRemoved;
    },
    renameProfile: (from, to) => changeViews((profiles) => renamed(profiles, from, to)),
    removeProfile: (id) => changeViews((profiles) => profiles.filter((entry) => entry.id !== id)),
    reload() {
      // Nobody asked yet, so there is no session either.
      if (!index) return;
      const before = index.byName;
      for (const { name, view } of readAnew().byName.values())
        if (JSON.stringify(view) !== JSON.stringify(before.get(name)?.view))
          for (const listener of viewChanged) listener(name);
    },
    onRemoved(listener) {
      removed.add(listener);
      return () => void removed.delete(listener);
    },
    onViewChanged(listener) {
      viewChanged.add(listener);
      return () => void viewChanged.delete(listener);
    },
  };
}

interface Index {
  readonly byName: ReadonlyMap<string, ClientToken>;
  readonly byDigest: ReadonlyMap<string, { readonly digest: Buffer; readonly client: ClientToken }>;
}

function createIndex(stored: readonly StoredClient[]): Index {
  const byName = new Map<string, ClientToken>();
  const byDigest = new Map<string, { digest: Buffer; client: ClientToken }>();
  for (const { name, hash: digest, createdAt, expiresAt, ...limits } of stored) {
    const client = { name, view: viewOf(limits), createdAt, expiresAt };
    byName.set(name, client);
    // A row somebody spoiled opens nothing, and can be removed.
    if (Buffer.isBuffer(digest)) byDigest.set(digest.toString('base64'), { digest, client });
  }
  return { byName, byDigest };
}

function viewOf({ profiles, workspace }: Pick<StoredClient, 'profiles' | 'workspace'>): GrantedView | null {
  return workspace === null ? profiles && { profiles } : { workspace };
}

/** No slow hash: 256 random bits cannot be guessed, whatever a guess costs. */
function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

function checkClientName(name: string): void {
  checkName('client', name);
  if (name === reserved)
    throw new NucleusError(
      'NAME_INVALID',
      `invalid client: "${reserved}" is what clients on the local socket are called; pick another name`,
    );
}

function checkLifetime(milliseconds: number): number {
  if (milliseconds > 0 && milliseconds <= maxLifetimeMs) return milliseconds;
  throw new NucleusError(
    'USAGE',
    'a token ends after more than 0 and at most 3650d; name no end for one that stays',
  );
}

/** The alias follows where it was the profile's own name, unless another account of the view is called so. */
function renamed(profiles: readonly ViewEntry[], from: string, to: string): ViewEntry[] {
  const [connector = '', oldName = ''] = from.split(':');
  const [, newName = ''] = to.split(':');
  const isTaken = profiles.some(({ id, alias }) => alias === newName && id.startsWith(`${connector}:`));
  return profiles.map(({ id, alias }) =>
    id === from ? { id: to, alias: alias === oldName && !isTaken ? newName : alias } : { id, alias },
  );
}
