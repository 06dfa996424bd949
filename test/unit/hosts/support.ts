import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { createHosts, type Hosts } from '../../../src-main/gateway/hosts/hosts.ts';
import type { Clock } from '../../../src-main/gateway/platform.ts';
import type { HostStatus } from '../../../src-shared/hosts.ts';
import { createFakeClock, createFakeLog, type FakeLog } from '../../helpers/fake-clock.ts';

export const shim = '/home/ada/.nucleusmcp/bin/nucleus';
export const ours = { command: shim, args: ['serve', '--client', 'claude-desktop'] };

/** A home folder that is gone after the test. */
export function temporaryHome(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'nucleus-hosts-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Claude Desktop on Linux, with or without a configuration, and our hosts beside it. */
export interface Desk {
  readonly user: string;
  /** Claude's configuration file. */
  readonly file: string;
  /** Our own folder for it. */
  readonly kept: string;
  readonly hosts: Hosts;
  readonly log: FakeLog;
  status(): HostStatus;
  connect(): HostStatus;
  undo(): HostStatus;
  read(): string;
  hash(): string;
}

export function createDesk(
  test: TestContext,
  options: {
    readonly content?: string | Buffer;
    readonly platform?: NodeJS.Platform;
    readonly env?: Readonly<Record<string, string>>;
    readonly clock?: Clock;
    readonly user?: string;
    readonly installed?: boolean;
  } = {},
): Desk {
  const user = options.user ?? temporaryHome(test);
  const file = join(user, '.config/Claude/claude_desktop_config.json');
  if (options.installed ?? true) mkdirSync(dirname(file), { recursive: true });
  if (options.content !== undefined) writeFileSync(file, options.content);
  const log = createFakeLog();
  const hosts = createHosts({
    user,
    env: options.env ?? {},
    platform: options.platform ?? 'linux',
    shim,
    folder: join(user, 'state/hosts'),
    clock: options.clock ?? createFakeClock(),
    log,
  });
  const context = { signal: new AbortController().signal };
  const sync = (answer: HostStatus | Promise<HostStatus>): HostStatus => {
    if (answer instanceof Promise) throw new Error('the answer came late');
    return answer;
  };
  return {
    user,
    file,
    kept: join(user, 'state/hosts/claude-desktop'),
    hosts,
    log,
    status() {
      const list = hosts.handlers.list({}, context);
      if (list instanceof Promise || !list[0]) throw new Error('no host');
      return list[0];
    },
    connect: () => sync(hosts.handlers.connect({ host: 'claude-desktop' }, context)),
    undo: () => sync(hosts.handlers.undo({ host: 'claude-desktop' }, context)),
    read: () => readFileSync(file, 'utf8'),
    hash: () => hashOf(file),
  };
}

export function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** What stands there after connecting with no configuration before. */
export const minimal = `{
  "mcpServers": {
    "nucleus": {
      "command": "/home/ada/.nucleusmcp/bin/nucleus",
      "args": [
        "serve",
        "--client",
        "claude-desktop"
      ]
    }
  }
}
`;
