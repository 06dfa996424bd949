/* npm run bench: the programs that measure lie beside the tests, because they are one (docs/performance.md). */
await import(new URL('../test/bench/main.ts', import.meta.url).href);
