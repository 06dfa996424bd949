// The ranker of the product behind the contract of the search benchmarks: build(tools) -> { search, find }. A tool is
// { id?, server | connector, alias?, name, description, inputSchema }; without an alias it is one account's.
import { createRanker } from '../../src-main/gateway/routing/ranking/ranker.ts';

export function build(tools) {
  const ranker = createRanker();
  const idOf = (connector, alias, name) => `${connector}\0${alias}\0${name}`;
  const ids = new Map();
  const profiles = new Map();
  for (const tool of tools) {
    const connector = tool.connector ?? tool.server;
    const alias = tool.alias ?? 'default';
    ids.set(idOf(connector, alias, tool.name), tool.id ?? `${tool.server}/${tool.name}`);
    // What the gateway puts before a description it takes from the profile; here it is the other way round.
    const [prefix, inner] = /^\[([^\]]*)\]\s*/.exec(tool.alias ? (tool.description ?? '') : '') ?? ['', ''];
    const metadata = Object.fromEntries(
      [...inner.matchAll(/ (\w+)=(\S+)/g)].map(([, key, value]) => [key, value]),
    );
    const profile = `${connector}:${alias}`;
    const known = profiles.get(profile) ?? { account: { profile, connector, alias, metadata }, tools: [] };
    profiles.set(profile, known);
    known.tools.push({ ...tool, description: (tool.description ?? '').slice(prefix.length) });
  }
  const connectors = new Map();
  for (const { account, tools: own } of profiles.values()) {
    ranker.set(account, own);
    connectors.set(account.connector.toLowerCase(), account.connector);
  }
  const idFor = (connector, account, tool) => ids.get(idOf(connector, account.alias, tool));

  function find(text, { limit = 8, sticky = {}, connector } = {}) {
    const last = new Map();
    for (const [name, alias] of Object.entries(sticky)) {
      const own = connectors.get(name);
      if (own !== undefined) last.set(own, `${own}:${alias}`);
    }
    const { hits, fanOut } = ranker.find({ intent: text, limit, connector, sticky: last });
    return {
      hits: hits.map((hit) => ({
        id: idFor(hit.connector, hit.accounts[0], hit.tool),
        score: hit.score,
        because: hit.because,
      })),
      fanout: fanOut && fanOut.accounts.map((account) => idFor(fanOut.connector, account, fanOut.tool)),
    };
  }

  return { find, search: (text, options) => find(text, options).hits };
}
