import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Settings } from './protocol.ts';
import { createRunner } from './runner.ts';
import { createTools } from './tools.ts';

const usage = 'usage: sqlite --file PATH [--read-only=true|false] [--timeout-ms=30000]';
/** Longer than a timer can hold. */
const maxTimeoutMs = 24 * 60 * 60 * 1_000;

main();

function main(): void {
  const settings = readSettings(process.argv.slice(2));
  if (typeof settings === 'string') {
    process.stderr.write(`${settings}\n${usage}\n`);
    process.exitCode = 2;
    return;
  }
  const runner = createRunner(settings);
  process.once('exit', () => runner.close());
  // Without its client a statement has nobody to run for.
  process.stdin.once('end', () => process.exit()).once('close', () => process.exit());
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => process.exit());
  serveStdio(() => createTools(settings, runner));
}

/** The settings, or the sentence that says what is wrong with the arguments. */
function readSettings(args: string[]): Settings | string {
  try {
    const { values } = parseArgs({
      args,
      options: {
        file: { type: 'string' },
        'read-only': { type: 'string', default: 'true' },
        'timeout-ms': { type: 'string', default: '30000' },
      },
    });
    const { file, 'read-only': readOnly, 'timeout-ms': timeout } = values;
    const timeoutMs = Number(timeout);
    if (!file) return '--file is missing; name the database file';
    if (readOnly !== 'true' && readOnly !== 'false') return '--read-only must be true or false';
    if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > maxTimeoutMs)
      return `--timeout-ms must be a whole number from 1 to ${maxTimeoutMs}`;
    return { file: resolve(file), readOnly: readOnly === 'true', timeoutMs };
  } catch (error) {
    return (error as Error).message;
  }
}
