import { text as readAll } from 'node:stream/consumers';
import { errorTable, isErrorCode, NucleusError } from '../../../src-shared/errors.ts';
import { withApi } from '../api.ts';
import type { Context } from '../context.ts';
import { parseJson } from '../json.ts';
import { print, printJson, visible } from '../output.ts';
import { withProgress } from '../progress.ts';
import type { CommandSpec } from '../program.ts';

export type CallOptions = { readonly args?: string };

/** `nucleus call`: one call the way a client would make it. */
export const call: CommandSpec = {
  define(command) {
    command
      .argument('<tool>', 'the name as nucleus tools prints it')
      .option('--args <json>', 'the arguments as a JSON object; - reads them from stdin', '{}');
  },
  async run(context, [name = ''], options: CallOptions) {
    const args = await readArguments(context, options.args);
    return withApi(context, async ({ api }) => {
      const asked = api.tools.call({ name, arguments: args });
      const result = await withProgress(context, `Calling ${name} …`, asked);
      const isError = result['isError'] === true;
      if (context.json) printJson(context, result);
      else if (isError) context.stderr.write(`Error: ${shown(context.stderr, describe(result))}\n`);
      else print(context, shown(context.stdout, describe(result)));
      return isError ? exitOf(result) : 0;
    });
  },
};

/** A tool that says it failed ends with 1; a failure of ours has a code of its own. */
function exitOf(result: Readonly<Record<string, unknown>>): number {
  const meta = result['_meta'] as Record<string, { code?: unknown } | undefined> | undefined;
  const code = meta?.['dev.nucleus/error']?.code;
  return isErrorCode(code) ? errorTable[code].exit : 1;
}

/** The value of `--args`; `-` is what stdin holds. */
export async function readArguments(context: Context, given = '{}'): Promise<Record<string, unknown>> {
  const value = parseJson(given === '-' ? await readAll(context.stdin) : given, '--args');
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new NucleusError('ARGUMENTS_INVALID', '--args is not a JSON object');
}

/** Text blocks as they are, what else there is in words; the structured content when there is no text. */
function describe(result: Readonly<Record<string, unknown>>): string {
  const content = Array.isArray(result['content']) ? (result['content'] as unknown[]) : [];
  const blocks = content.map((block) => describeBlock(block as Record<string, unknown> | null));
  const hasText = content.some((block) => (block as { type?: unknown } | null)?.type === 'text');
  const structured = result['structuredContent'];
  if (!hasText && structured !== undefined) blocks.push(JSON.stringify(structured, null, 2));
  return blocks.join('\n');
}

function describeBlock(block: Readonly<Record<string, unknown>> | null): string {
  if (block?.['type'] === 'text') return String(block['text']);
  if (block?.['type'] === 'resource_link') return `[link ${String(block['uri'])}]`;
  if (block?.['type'] === 'resource') {
    const { uri, text } = (block['resource'] ?? {}) as Record<string, unknown>;
    return typeof text === 'string' ? text : `[resource ${String(uri)}; --json prints it]`;
  }
  const words = [block?.['type'], block?.['mimeType']].filter((word) => typeof word === 'string');
  return `[${words.join(' ')}; --json prints it]`;
}

/** A file or a pipe gets every byte; a terminal must not be steered by what an upstream sent. */
function shown(stream: Context['stdout'], text: string): string {
  return stream.isTTY ? visible(text) : text;
}
