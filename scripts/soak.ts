/* npm run soak [-- KILLS]: kills a gateway 300 times under load; its audit log may lose nothing (docs/audit.md). */
await import(new URL('../test/bench/soak.ts', import.meta.url).href);
