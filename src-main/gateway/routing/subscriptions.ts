import type { Log } from '../platform.ts';
import type { Supervisor } from '../upstream/supervisor.ts';

/** Resources one client may listen to. */
const maxPerClient = 1_000;

/** Which clients want to hear of which resources. An upstream hears it once, whoever wants it, and again when it restarts. */
export interface Subscriptions {
  /**
   * A client is subscribed; `exposed` is the address under which it knows the resource. `first`: nobody was before, so
   * that the upstream is to be told; `full`: the client has too many.
   */
  add(client: object, profile: string, uri: string, exposed: string): 'first' | 'known' | 'full';
  /** A client wants no more of it; true when nobody does, so that the upstream is to be told. */
  remove(client: object, profile: string, uri: string): boolean;
  /** The addresses under which a client wants to hear of a resource. */
  namesFor(client: object, profile: string, uri: string): readonly string[];
  /** A client is gone: upstreams are told of what nobody wants any more. */
  release(client: object): void;
  /** A connection was opened: it is told what is wanted. */
  ready(profile: string): void;
}

interface Wish {
  readonly client: object;
  readonly profile: string;
  readonly uri: string;
  readonly exposed: string;
}

export function createSubscriptions(deps: {
  readonly supervisor: () => Pick<Supervisor, 'request'>;
  readonly log: Log;
}): Subscriptions {
  let wishes: Wish[] = [];

  const isOf =
    (profile: string, uri: string) =>
    (wish: Wish): boolean =>
      wish.profile === profile && wish.uri === uri;

  function tell(method: 'resources/subscribe' | 'resources/unsubscribe', profile: string, uri: string): void {
    deps
      .supervisor()
      .request(profile, method, { uri }, { background: true })
      .catch((error: unknown) =>
        deps.log.debug('a subscription could not be changed', { profile, reason: (error as Error).message }),
      );
  }

  function remove(client: object, profile: string, uri: string): boolean {
    const before = wishes.length;
    wishes = wishes.filter((wish) => wish.client !== client || !isOf(profile, uri)(wish));
    return wishes.length < before && !wishes.some(isOf(profile, uri));
  }

  return {
    add(client, profile, uri, exposed) {
      const same = wishes.filter(isOf(profile, uri));
      if (same.some((wish) => wish.client === client && wish.exposed === exposed)) return 'known';
      if (wishes.filter((wish) => wish.client === client).length >= maxPerClient) return 'full';
      wishes.push({ client, profile, uri, exposed });
      return same.length === 0 ? 'first' : 'known';
    },
    remove,
    namesFor: (client, profile, uri) =>
      wishes
        .filter((wish) => wish.client === client && isOf(profile, uri)(wish))
        .map(({ exposed }) => exposed),
    release(client) {
      for (const { profile, uri } of wishes.filter((wish) => wish.client === client))
        if (remove(client, profile, uri)) tell('resources/unsubscribe', profile, uri);
    },
    ready(profile) {
      const uris = new Set(wishes.filter((wish) => wish.profile === profile).map(({ uri }) => uri));
      for (const uri of uris) tell('resources/subscribe', profile, uri);
    },
  };
}
