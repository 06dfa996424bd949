import { basename } from 'node:path/posix';
import { isDeepStrictEqual } from 'node:util';
import type { OurEntry } from './host-table.ts';

/** What would take an entry elsewhere than to our command. */
const elsewhere = ['url', 'serverUrl', 'httpUrl', 'cwd', 'envFile'];

/** Whether an entry starts our command as it should. What a host or a person noted beside it, such as a limit, is theirs. */
export function isOurs(value: unknown, ours: OurEntry): boolean {
  if (!isObject(value)) return false;
  if (value['command'] !== ours.command || !isDeepStrictEqual(value['args'], ours.args)) return false;
  if (value['disabled'] === true || value['enabled'] === false) return false;
  if (elsewhere.some((name) => value[name] !== undefined)) return false;
  for (const name of ['type', 'source'])
    if (value[name] !== undefined && value[name] !== (ours[name] ?? 'stdio')) return false;
  const env = value['env'] ?? {};
  return isObject(env) && Object.keys(env).length === 0;
}

/** Whether an entry leads to all of Nucleus too: our command, the original's, or one that npx fetches. */
export function leadsToUs(value: unknown, shim: string): boolean {
  if (!isObject(value)) return false;
  // Zed had the command as an object once, some hosts have it as a list.
  const { command, args } = value;
  const started = isObject(command) ? [command['path'], command['args']] : [command, args];
  const words = started.flat().filter((word) => typeof word === 'string');
  const serve = words.findIndex((word, at) => word === 'serve' && at > 0);
  if (serve < 0) return false;
  const program = words[serve - 1] ?? '';
  if (program !== shim && programOf(program) !== 'nucleus') return false;
  // That one keeps its state elsewhere, so it holds other accounts.
  if (isObject(value['env']) && value['env']['NUCLEUS_HOME'] !== undefined) return false;
  // With anything more it may be a narrower view that somebody wants beside the whole.
  const rest = words.slice(serve + 1);
  return rest.length === 0 || (rest.length === 2 && rest[0] === '--client');
}

/** `C:\\bin\\nucleus.exe`, `@scope/nucleus@1.2.3` and `/opt/nucleus` are all the same program. */
function programOf(word: string): string {
  return basename(word.replaceAll('\\', '/')).replace(/(.)@[^@]*$|\.(?:exe|cmd|mjs)$/i, '$1');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
