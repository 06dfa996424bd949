/* npm run bench:app: how fast the packed app is there, and what it holds (docs/performance.md). */
await import(new URL('../test/bench/app.ts', import.meta.url).href);
