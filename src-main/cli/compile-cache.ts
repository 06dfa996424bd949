import { join } from 'node:path';

/**
 * Where Node keeps our sources compiled: the shim then starts in 40 ms instead of 105 (measured 2026-11-20). It lies
 * beside the code it is made from, so whoever could alter it could alter the code. Read-only folders just go without.
 */
export const compileCache = join(
  import.meta.dirname,
  '..',
  '..',
  'node_modules',
  '.cache',
  'nucleus-compile',
);
