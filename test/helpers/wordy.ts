import { writeFileSync } from 'node:fs';
import { wordyTools } from '../fixtures/wordy-tools.ts';
import { startGateway, type Gateway } from './client.ts';
import { createFake, type Fake } from './fake.ts';
import type { Home, Scope } from './home.ts';

export const wordyConnectors = Object.keys(wordyTools);
export const wordyAccounts = ['dev', 'prod', 'staging'] as const;

export interface Wordy {
  readonly gateway: Gateway;
  /** Ids of the profiles. */
  readonly ids: readonly string[];
  /** Calls that reached any of them. */
  calls(): number;
}

/** Three accounts of each connector, twenty wordy tools each. Of `forge` staging is the default. */
export async function startWordy(
  scope: Scope,
  home: Home,
  connectors: readonly string[] = wordyConnectors,
): Promise<Wordy> {
  const gateway = await startGateway(scope, home);
  const fakes = new Map<string, Fake>();
  for (const connector of connectors) {
    const tools = wordyTools[connector];
    const file = home.path(`${connector}.json`);
    writeFileSync(file, JSON.stringify(tools));
    for (const account of wordyAccounts)
      fakes.set(`${connector}:${account}`, createFake(home, `${connector}-${account}`, '--tool-file', file));
  }
  await Promise.all(
    [...fakes].map(([id, fake]) =>
      gateway.add(fake, id, { metadata: { account: `${id.replace(':', '-')}@example.org` } }),
    ),
  );
  await gateway.ask('profiles.use', { id: 'forge:staging' });
  return {
    gateway,
    ids: [...fakes.keys()],
    calls: () => [...fakes.values()].reduce((sum, fake) => sum + fake.received('tools/call').length, 0),
  };
}
