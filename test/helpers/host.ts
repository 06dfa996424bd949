import { join } from 'node:path';
import { createNodePlatform } from '../../src-main/cli/node-platform.ts';
import { loadConfig } from '../../src-main/gateway/config/load.ts';
import { hostGateway, type Host } from '../../src-main/gateway/host.ts';
import { createLog } from '../../src-main/gateway/log.ts';
import { createPaths } from '../../src-main/gateway/storage/paths.ts';
import type { ApprovalWay, GrantAsked, PendingApproval } from '../../src-shared/policy.ts';
import type { Home, Scope } from './home.ts';
import { passphrase } from './nucleus.ts';
import { until } from './until.ts';

const resources = join(import.meta.dirname, '..', '..', 'resources');
const context = { signal: new AbortController().signal };

/** The gateway of a home in this process, as the app hosts it, and the person before the app. */
export interface Desk {
  readonly host: Host;
  /** The first question that waits, and fits. */
  question(fits?: (one: PendingApproval) => boolean): Promise<PendingApproval>;
  waiting(): Promise<readonly PendingApproval[]>;
  allow(id: string, more?: { grant?: GrantAsked; choice?: string; way?: ApprovalWay }): Promise<boolean>;
  deny(id: string): Promise<boolean>;
  /** As `question`, and allows it when a person could have read it. */
  allowNext(): Promise<PendingApproval>;
  /** Lets go of the app: nobody can be asked there. */
  leave(): void;
  log(): string;
}

/** Hosts the gateway of a home; `isAttended`: with somebody before the app. */
export async function openDesk(
  scope: Scope,
  home: Home,
  options: { isAttended?: boolean; env?: Readonly<Record<string, string>> } = {},
): Promise<Desk> {
  const env = { ...home.env, ...passphrase(home), ...options.env };
  const paths = createPaths(env);
  let said = '';
  const log = createLog({
    write: (line) => void (said += line),
    now: Date.now,
    settings: { level: 'info', style: 'text' },
  });
  const sources = { env };
  const host = await hostGateway({
    platform: createNodePlatform({ env, log, resources }),
    paths,
    config: loadConfig(paths.config, sources),
    configPlace: { path: paths.config, sources },
    version: '0.1.0',
    resources,
    listen: true,
    waitMs: 10_000,
  });
  scope.after(() => host.close());
  const leave = options.isAttended === false ? () => {} : host.attendPerson();
  const waiting = async (): Promise<readonly PendingApproval[]> =>
    (await host.handlers.approvals.list({}, context)).waiting;
  const question = async (fits: (one: PendingApproval) => boolean = () => true): Promise<PendingApproval> => {
    let found: PendingApproval | undefined;
    await until('a question to wait', async () => (found = (await waiting()).find(fits)) !== undefined);
    return found as PendingApproval;
  };
  const allow: Desk['allow'] = async (id, { grant, choice } = {}) => {
    const { counted } = await host.person.approvals.allow(
      { id, grant: grant ?? null, choice: choice ?? null },
      context,
    );
    return counted;
  };
  return {
    host,
    question,
    waiting,
    allow,
    deny: async (id) => (await host.handlers.approvals.deny({ id }, context)).counted,
    async allowNext() {
      const one = await question();
      await until('a yes that counts', () => allow(one.id));
      return one;
    },
    leave,
    log: () => said,
  };
}
