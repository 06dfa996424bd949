import { writeFileSync } from 'node:fs';
import type { EnvClass } from '../../src-shared/policy.ts';
import { controlGateway, type Gateway } from './client.ts';
import { createFake, type Fake } from './fake.ts';
import { createHome, type Home, type Scope } from './home.ts';
import { openDesk, type Desk } from './host.ts';

const schema = {
  type: 'object',
  properties: { query: { type: 'string' } },
  additionalProperties: false,
} as const;

/** What each account of a guarded home offers: one tool of each effect, by what its server says of it. */
const tools = [
  { name: 'execute', inputSchema: schema },
  { name: 'apply_change', inputSchema: schema, annotations: { destructiveHint: false } },
  { name: 'drop_everything', inputSchema: schema, annotations: { destructiveHint: true } },
  { name: 'list_things', inputSchema: schema, annotations: { readOnlyHint: true } },
];

/** A home with accounts of a connector `db`, the person before the app, and what reached each account. */
export interface Guarded {
  readonly home: Home;
  readonly desk: Desk;
  readonly gateway: Gateway;
  readonly fakes: Readonly<Record<string, Fake>>;
  /** Names of the tools that were called on an account. */
  reached(account: string): unknown[];
  /** Writes policy.toml as a person with an editor does. */
  policy(text: string): void;
}

/** `accounts` are names of profiles of `db` and their class. */
export async function openGuarded(
  scope: Scope,
  accounts: Readonly<Record<string, EnvClass | null>>,
  options: {
    readonly policy?: string;
    readonly config?: string;
    readonly isAttended?: boolean;
    readonly env?: Readonly<Record<string, string>>;
    readonly fake?: readonly string[];
  } = {},
): Promise<Guarded> {
  const home = createHome(scope, options.config ?? '[http]\nenabled = false\n');
  const policy = (text: string): void => void home.write('policy.toml', text);
  if (options.policy !== undefined) policy(options.policy);
  const desk = await openDesk(scope, home, options);
  const gateway = await controlGateway(scope, home);
  const file = home.path('tools.json');
  writeFileSync(file, JSON.stringify(tools));
  const fakes: Record<string, Fake> = {};
  for (const [name, env] of Object.entries(accounts)) {
    const fake = createFake(home, name, '--tool-file', file, ...(options.fake ?? []));
    fakes[name] = fake;
    await gateway.add(fake, `db:${name}`, { env });
  }
  return {
    home,
    desk,
    gateway,
    fakes,
    policy,
    reached: (account) =>
      (fakes[account] as Fake).received('tools/call').map(({ message }) => message?.params?.['name']),
  };
}
