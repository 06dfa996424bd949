/* npm run bench:shim [-- FILE.c]: what a shim costs (docs/performance.md). */
await import(new URL('../test/bench/shim.ts', import.meta.url).href);
