import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as prettier from 'prettier';
import * as z from 'zod';
import { Config } from '../src-shared/config.ts';
import { parseDuration } from '../src-shared/duration.ts';
import { errorTable } from '../src-shared/errors.ts';

/* npm run docs writes the pages that are generated from the source; with --check it only says which are stale. */

const root = join(import.meta.dirname, '..');
const pages = { 'docs/errors.md': errorsPage(), 'docs/config.md': configPage() };
const mayWrite = !process.argv.includes('--check');

for (const [file, text] of Object.entries(pages)) {
  const path = join(root, file);
  const style = await prettier.resolveConfig(path);
  const wanted = await prettier.format(text, { ...style, parser: 'markdown' });
  if (wanted === read(path)) continue;
  if (mayWrite) {
    writeFileSync(path, wanted);
    console.log(`wrote ${file}`);
  } else {
    console.error(`${file} is stale; run "npm run docs"`);
    process.exitCode = 1;
  }
}

function errorsPage(): string {
  const shownAs = {
    result: 'a tool result with `isError`, which the model reads',
    error: 'a JSON-RPC error',
  } as const;
  const rows = Object.entries(errorTable).map(
    ([code, { exit, rpc, surface }]) => `| \`${code}\` | ${exit} | ${rpc} | ${shownAs[surface]} |`,
  );
  return [
    generated('src-shared/errors.ts'),
    '# Errors',
    'Every failure Nucleus reports by name. The sentence that comes with it says what happened, to which profile, and what to do next; the name and the numbers are stable.',
    'On the command line the sentence goes to stderr as `Error: …`, with `--json` as `{"error":{"code","message"}}`, and the exit code tells the kind: 0 fine, 1 failed, 2 wrong usage or input, 3 no gateway, 4 no such thing, 5 locked, 6 the upstream failed. A client gets the JSON-RPC code, with the name in `data.code`; or a tool result with the name in `_meta["dev.nucleus/error"].code`. Errors of an upstream itself pass unchanged.',
    ['| Name | Exit code | JSON-RPC code | A client sees |', '|---|---|---|---|', ...rows].join('\n'),
  ].join('\n\n');
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
}

function configPage(): string {
  const schema = z.toJSONSchema(Config, { io: 'input' }) as Schema;
  const sections = Object.entries(schema.properties ?? {}).map(([name, section]) => {
    const rows = Object.entries(section.properties ?? {}).map(
      ([key, value]) =>
        `| \`${key}\` | ${typeOf(key, value)} | ${defaultOf(value)} | ${value.description ?? ''} |`,
    );
    return [
      `## [${name}]\n\n${section.description ?? ''}\n`,
      '| Key | Type | Default | Meaning |',
      '|---|---|---|---|',
      ...rows,
    ].join('\n');
  });
  return [
    generated('src-shared/config.ts'),
    '# config.toml',
    'Optional; it lies in the state folder (see [state.md](state.md)). What it leaves out has the default. A key that is not listed here, or a value of another type, is refused with the file and line.',
    'A duration is a number and a unit: `250ms`, `30s`, `10m`, `2h`, `1d`, or several, as in `1h30m`. `0` needs no unit.',
    ...sections,
  ].join('\n\n');
}

function typeOf(key: string, { type, enum: choices, default: fallback }: Schema): string {
  if (choices) return choices.map((choice) => `\`${JSON.stringify(choice)}\``).join(', ');
  if (type === 'number' && key.endsWith('_mib')) return 'number of MiB';
  if (type === 'integer') return 'whole number';
  if (type === 'string' && typeof fallback === 'string' && isDuration(fallback)) return 'duration';
  return type ?? 'any';
}

function defaultOf({ default: fallback }: Schema): string {
  return fallback === undefined ? '' : `\`${JSON.stringify(fallback)}\``;
}

function isDuration(text: string): boolean {
  try {
    parseDuration(text);
    return true;
  } catch {
    return false; // A plain string then.
  }
}

function generated(source: string): string {
  return `<!-- Generated from ${source} by "npm run docs"; edit that file instead. -->`;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // Not written yet: stale.
  }
}
