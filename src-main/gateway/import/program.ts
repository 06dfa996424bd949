import type { StdioEntry } from './entry.ts';

/** What a command really starts. */
export interface Program {
  readonly runtime: 'npx' | 'uvx' | 'docker' | 'other';
  /** The package or image without its version; else the program. */
  readonly name: string;
  /** What it is given; the last ones of the entry's arguments. */
  readonly args: readonly string[];
  /** Whether the starter was told anything that no connector says, such as a folder to share. */
  readonly isPlain: boolean;
}

/** Looks through npx and its kind, uvx and docker, to the server itself. */
export function programOf({ command, args }: Pick<StdioEntry, 'command' | 'args'>): Program {
  const name = baseName(command);
  const other: Program = { runtime: 'other', name, args, isPlain: true };
  // On Windows clients start npx through cmd, which finds its .cmd.
  if (name === 'cmd' && /^\/[ck]$/i.test(args[0] ?? ''))
    return programOf({ command: args[1] ?? '', args: args.slice(2) });
  if (name === 'npx') return packageOf('npx', args) ?? other;
  if (name === 'uvx') return packageOf('uvx', args) ?? other;
  if (name === 'docker' && args[0] === 'run') return imageOf(args) ?? other;
  const like = likeOf(name, args);
  // Of the same service, and yet another program: the one that a connector starts may be missing here.
  return like === null ? other : { ...like, isPlain: false };
}

function likeOf(name: string, args: readonly string[]): Program | null {
  const [first = '', second] = args;
  if (name === 'bunx') return packageOf('npx', args);
  if (/^(pnpm|yarn)$/.test(name) && first === 'dlx') return packageOf('npx', args.slice(1));
  if (/^(bun|npm)$/.test(name) && /^(x|exec)$/.test(first)) return packageOf('npx', args.slice(1));
  if (name === 'uv' && first === 'tool' && second === 'run') return packageOf('uvx', args.slice(2));
  if (name === 'pipx' && first === 'run') return packageOf('uvx', args.slice(1));
  return name === 'podman' && first === 'run' ? imageOf(args) : null;
}

/** The last part of a path, without the endings of Windows. */
export function baseName(path: string): string {
  return (path.split(/[\\/]/).at(-1) ?? path).replace(/\.(exe|cmd|bat)$/i, '').toLowerCase();
}

/** Starts that ask no question and say nothing are starts like any other. */
const quietFlags = new Set(['-y', '--yes', '-q', '--quiet', '--']);

function packageOf(runtime: 'npx' | 'uvx', args: readonly string[]): Program | null {
  const at = args.findIndex((arg) => !quietFlags.has(arg));
  const spec = args[at];
  if (spec === undefined) return null;
  const named = /^(--package|-p|--from)(=(.+))?$/.exec(spec);
  if (named) {
    // The package is named apart from the program in it.
    const of = named[3] ?? args[at + 1];
    const program = at + (named[3] === undefined ? 2 : 1);
    return of === undefined
      ? null
      : { runtime, name: withoutVersion(of), args: args.slice(program + 1), isPlain: false };
  }
  if (spec.startsWith('-')) return null;
  return { runtime, name: withoutVersion(spec), args: args.slice(at + 1), isPlain: true };
}

/** Flags of `docker run` that stand alone, and the one that names a variable. */
const aloneFlag = /^(-[itd]+|--(interactive|init|rm|tty|quiet)(=true)?)$/;
const variableFlag = /^(-e|--env)$/;

function imageOf(args: readonly string[]): Program | null {
  let isPlain = true;
  for (let at = 1; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (!arg.startsWith('-'))
      return { runtime: 'docker', name: withoutVersion(arg), args: args.slice(at + 1), isPlain };
    if (aloneFlag.test(arg) || /^(-e.|--env=)/.test(arg)) continue;
    if (!variableFlag.test(arg)) isPlain = false;
    // Every other flag has a value, in the same word or the next.
    if (!arg.includes('=')) at += 1;
  }
  return null;
}

/** `@scope/name@1.2.3`, `name==1.2.3`, `name[extra]`, `image:tag`, `image@sha256:…` without what follows the name. */
function withoutVersion(spec: string): string {
  const [, name = spec] = /^(@?[^@=<>~![\s]+?)(:[^/:]+)?([@=<>~![].*)?$/.exec(spec) ?? [];
  return name;
}
