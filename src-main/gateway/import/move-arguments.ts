import type { StdioEntry } from './entry.ts';
import { baseName, programOf } from './program.ts';
import { hasSecretIn, isSecretArgument, looksSecret } from './secret-text.ts';

/*
 * Every program of the machine can read the arguments of a process, so a secret may not stand there. Some servers take
 * the same from a variable, and there it moves.
 */

/** What a package takes as a variable as well: by the argument, or its first word that is no flag as ''. */
const variables: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '@mondaydotcomorg/monday-api-mcp': { '-t': 'monday_token', '--token': 'monday_token' },
  '@sentry/mcp-server': { '--access-token': 'SENTRY_ACCESS_TOKEN' },
  '@stripe/mcp': { '--api-key': 'STRIPE_SECRET_KEY' },
  '@supabase/mcp-server-supabase': { '--access-token': 'SUPABASE_ACCESS_TOKEN' },
  '@upstash/context7-mcp': { '--api-key': 'CONTEXT7_API_KEY' },
  'figma-developer-mcp': { '--figma-api-key': 'FIGMA_API_KEY' },
  'mongodb-mcp-server': { '--connectionString': 'MDB_MCP_CONNECTION_STRING' },
  'postgres-mcp': { '': 'DATABASE_URI' },
};

/** A start without secrets among its arguments, or why there is none. */
export type Moved =
  | {
      readonly entry: StdioEntry;
      /** Where each variable that came from an argument stood. */
      readonly places: Readonly<Record<string, string>>;
      readonly left?: never;
    }
  | { readonly left: string; readonly entry?: never };

/** Moves the secrets among the arguments of a known server to the variables it takes them from. */
export function moveArguments(entry: StdioEntry): Moved {
  const program = programOf(entry);
  const before = entry.args.slice(0, entry.args.length - program.args.length);
  const known = Object.hasOwn(variables, program.name) ? (variables[program.name] ?? {}) : {};
  const env: Record<string, string> = { ...entry.env };
  const places: Record<string, string> = {};
  const move = (variable: string, value: string, place: string): void => {
    env[variable] = value;
    places[variable] = place;
  };
  const starter = program.runtime === 'docker' ? namedOnly(before, move) : before;
  const rest = moveKnown(program.args, known, move);
  const args = [...starter, ...rest];
  const place = secretPlace(args, isScript(entry.command));
  if (place !== null)
    return {
      left: `a secret stands among its arguments (${place}), where every program of this machine can read it, and Nucleus does not know from which variable it takes it; put it into a variable of the entry if the server has one for it, then import it`,
    };
  return { entry: { ...entry, args, env }, places };
}

/** The arguments as they may be shown. */
export function shownArguments(args: readonly string[], command: string): string[] {
  return args.map((arg, index) => {
    const before = args[index - 1] ?? '';
    const flags = isFlag(before) && !before.includes('=') ? [before] : [];
    if (secretPlace([...flags, arg], isScript(command)) === null) return arg;
    return `${/^-{0,2}[A-Za-z_][\w.-]*=/.exec(arg)?.[0] ?? ''}…`;
  });
}

/** `-e NAME=value` gives docker the value on its command line; `-e NAME` takes it from the environment. */
function namedOnly(
  args: readonly string[],
  move: (variable: string, value: string, place: string) => void,
): string[] {
  return args.map((arg, index) => {
    const [, flag = '', name = '', value = ''] = /^(-e|--env=)?([A-Za-z_]\w*)=(.*)$/s.exec(arg) ?? [];
    const isVariable = name !== '' && (flag !== '' || /^(-e|--env)$/.test(args[index - 1] ?? ''));
    if (!isVariable || value === '') return arg;
    move(
      name,
      value,
      `argument ${args[index - 1] === '--env' || flag === '--env=' ? '--env' : '-e'} ${name}`,
    );
    return `${flag}${name}`;
  });
}

function moveKnown(
  args: readonly string[],
  known: Readonly<Record<string, string>>,
  move: (variable: string, value: string, place: string) => void,
): string[] {
  const kept: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    const [, flag = arg, value] = /^(-[^=]+)=(.*)$/s.exec(arg) ?? [];
    const variable = isFlag(arg) && Object.hasOwn(known, flag) ? known[flag] : undefined;
    const next = args[at + 1];
    if (variable !== undefined && (value ?? next)) {
      move(variable, value ?? next ?? '', `argument ${flag}`);
      if (value === undefined) at += 1;
    } else if (known[''] !== undefined && !isFlag(arg) && looksSecret(arg))
      move(known[''], arg, 'an argument');
    else kept.push(arg);
  }
  return kept;
}

/** Which argument is a secret, as people say it; null for none. */
function secretPlace(args: readonly string[], isText: boolean): string | null {
  for (const [index, arg] of args.entries()) {
    const before = args[index - 1] ?? '';
    const [, flag = '', value = ''] = /^(-{0,2}[A-Za-z_][\w.-]*)=(.*)$/s.exec(arg) ?? [];
    if (flag !== '' && isSecretArgument(flag, value)) return flag;
    if (isFlag(before) && !before.includes('=') && isSecretArgument(before, arg)) return before;
    if (looksSecret(arg) || (isText && hasSecretIn(arg))) return `number ${index + 1}`;
    // `--header "Authorization: Bearer …"`
    const header = /^([\w-]+):\s*(.+)$/s.exec(arg);
    if (header && (hasSecretIn(header[2] ?? '') || isSecretArgument(header[1] ?? '', header[2] ?? '')))
      return `${isFlag(before) ? `${before} ` : ''}${header[1]}`;
  }
  return null;
}

function isFlag(arg: string | undefined): boolean {
  return arg !== undefined && /^-{1,2}[A-Za-z]/.test(arg);
}

function isScript(command: string): boolean {
  return /^(sh|bash|zsh|dash|fish|cmd|powershell|pwsh)$/.test(baseName(command));
}
