import assert from 'node:assert/strict';
import test from 'node:test';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import type { Offer } from '../../../src-main/gateway/routing/catalog.ts';
import type { Call } from '../../../src-main/gateway/routing/dispatch.ts';
import { createFindTool } from '../../../src-main/gateway/routing/meta-tools/find.ts';
import { noAccount } from '../../../src-main/gateway/routing/meta-tools/own-tool.ts';
import { createCursors } from '../../../src-main/gateway/routing/pages.ts';
import { createToolSearch } from '../../../src-main/gateway/routing/ranking/tool-search.ts';
import type { Binding } from '../../../src-main/gateway/routing/route.ts';
import { createView } from '../../../src-main/gateway/routing/view.ts';
import { createCatalogStore } from '../../../src-main/gateway/storage/catalog-store.ts';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import type { Params } from '../../../src-main/gateway/wire/frame.ts';
import { readReply } from '../../../src-main/gateway/wire/reply.ts';
import { readGolden } from '../../bench/search/golden.ts';
import { wordyTools } from '../../fixtures/wordy-tools.ts';

interface Offered {
  readonly account: Binding;
  readonly tools: readonly Params[];
}

const golden = readGolden();
const wordy = Object.entries(wordyTools).flatMap(([connector, tools]) =>
  ['dev', 'prod', 'staging'].map((alias): Offered => ({
    account: {
      profile: `${connector}:${alias}`,
      connector,
      alias,
      metadata: { account: `${connector}-${alias}@example.org` },
    },
    tools,
  })),
);
/** One intent for each of the wordy tools. */
const titles = Object.values(wordyTools).flatMap((tools) =>
  tools.map(({ name }) => name.replaceAll('_', ' ')),
);

for (const [what, offers, intents] of [
  ['the golden set', golden.offers, golden.intents.map(({ intent }) => intent)],
  ['tools with long descriptions and schemas', wordy, titles],
] as const)
  test(`half of the answers about ${what} cost a model less than a thousand tokens`, async () => {
    const answer = finder(offers);
    const costs: number[] = [];
    for (const intent of intents) costs.push(encode(await answer(intent)).length);
    costs.sort((a, b) => a - b);
    const median = costs[Math.floor(costs.length / 2)] ?? 0;
    assert.ok(costs.length >= 80 && median <= 1_000, `${median} of ${costs.length}, most ${costs.at(-1)}`);
  });

/** The text that nucleus_find_tool answers to an intent. */
function finder(offers: readonly Offered[]): (intent: string) => Promise<string> {
  const listed = new Map(offers.map(({ account, tools }) => [account.profile, offerOf(tools)]));
  const catalog = { offer: (profile: string) => listed.get(profile) ?? null };
  const names = createCatalogStore(openRegistry('memory').db);
  const parts = { catalog, names, cursors: createCursors(), id: '' };
  const view = createView(
    parts,
    offers.map(({ account }) => account),
  );
  const tool = createFindTool({
    search: createToolSearch({ catalog }),
    sticky: { of: () => new Map() },
    settle: () => Promise.resolve(),
    foresee: () => Promise.resolve({ decision: 'allow' }),
  });
  const call: Call = {
    kind: 'tool',
    method: 'tools/call',
    route: { binding: noAccount, name: tool.name },
    params: {},
    via: 'direct',
    principal: 'local',
    client: 'test',
  };
  return async (intent) => {
    const reply = await tool.run(
      { intent },
      call,
      () => view,
      () => assert.fail(),
    );
    const { content } = readReply(reply).result as { content: readonly { readonly text: string }[] };
    return content[0]?.text ?? '';
  };
}

function offerOf(tools: readonly Params[]): Offer {
  return {
    greeting: { protocolVersion: '2025-11-25' },
    tool: [...tools],
    prompt: [],
    resource: [],
    template: [],
  };
}
