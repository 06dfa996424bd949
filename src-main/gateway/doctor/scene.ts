import type { Handlers } from '../../../src-shared/contract.ts';
import type { ConfigPlace } from '../config/load.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { Platform } from '../platform.ts';
import type { Connectors } from '../profiles/connectors.ts';
import type { AuditSeals } from '../storage/audit-seals.ts';
import type { Registry } from '../storage/database.ts';
import type { Guard } from '../storage/guard-store.ts';
import type { Paths } from '../storage/paths.ts';
import type { Vault } from '../storage/vault.ts';
import type { FindSecrets } from './client-secrets.ts';

/** What can be looked at without a gateway: the machine and its files. */
export interface Outside {
  readonly platform: Platform;
  readonly paths: Paths;
  readonly configPlace: ConfigPlace;
  readonly resources: string;
  /** Version of this program. */
  readonly version: string;
  readonly hosts: Hosts;
  /** Whether this process holds the lock of the state folder, so that what lies in it is in use. */
  readonly isHolder: boolean;
}

/** What a gateway knows, be it the running one or one over a copy of its state. */
export interface Inside {
  readonly handlers: Omit<Handlers, 'doctor' | 'hosts' | 'import'>;
  readonly registry: Registry;
  readonly vault: Vault;
  readonly guard: Pick<Guard, 'warnings'>;
  readonly connectors: Pick<Connectors, 'of'>;
  readonly seals: Pick<AuditSeals, 'read'>;
  readonly findSecrets: FindSecrets;
}
