import { NucleusError } from '../../../src-shared/errors.ts';
import { profileId } from '../../../src-shared/model.ts';
import type { ProfileStore } from '../storage/profile-store.ts';
import type { Vault } from '../storage/vault.ts';
import type { Connectors } from './connectors.ts';

/** Another address for a connector of one's own, with all its profiles. */
export interface ConnectorMove {
  /** The new address is of another origin: secrets kept for the old one must not be sent there. */
  readonly isAway: boolean;
  /** Writes the address; the returned function restores what was there. */
  act(): () => void;
  /** Other profiles of the connector, whose upstreams have to be reached anew. */
  followers(): string[];
}

/** Whoever may add a profile must not learn by it what another one keeps in the vault, or moving would be stealing. */
export function planMove(
  deps: {
    readonly connectors: Connectors;
    readonly store: Pick<ProfileStore, 'list'>;
    readonly vault: Pick<Vault, 'names'>;
  },
  asked: {
    readonly connector: string;
    readonly name: string;
    readonly url: string | null;
    readonly forceUrl: boolean;
  },
): ConnectorMove {
  const { connector, url } = asked;
  const manifest = deps.connectors.get(connector);
  if (!manifest || !asked.forceUrl || url === null || url === manifest.url)
    return { isAway: false, act: () => () => {}, followers: () => [] };
  const { kind, url: before } = manifest;
  if (kind === 'builtin' || before === null)
    throw new NucleusError(
      'CONNECTOR_INVALID',
      kind === 'builtin'
        ? `${connector} is a built-in connector, its address stays; add one of your own under another name`
        : `connector ${connector} is started by a command and has no address to change`,
    );
  const isAway = !URL.canParse(before) || new URL(before).origin !== new URL(url).origin;
  const followers = (): string[] =>
    deps.store
      .list()
      .filter((profile) => profile.connector === connector && profile.id !== profileId(connector, asked.name))
      .map(({ id }) => id);

  function check(): void {
    const keeper = isAway ? followers().find((id) => deps.vault.names(id).length > 0) : undefined;
    if (keeper !== undefined)
      throw new NucleusError(
        'CONNECTOR_INVALID',
        `${keeper} keeps secrets for ${before}, which would go to another origin; ` +
          `remove that profile first, or add a connector under another name`,
        { profile: keeper },
      );
  }

  check();
  return {
    isAway,
    act() {
      // One may have come in since.
      check();
      return deps.connectors.moveCustom(connector, url);
    },
    followers,
  };
}
