/* npm run conformance: the runner lies beside the tests, because it is one. */
await import(new URL('../test/conformance/main.ts', import.meta.url).href);
