/* npm run bench:search: how well and how fast tools are found (docs/ranking.md). */
await import(new URL('../test/bench/search/main.ts', import.meta.url).href);
