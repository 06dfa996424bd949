import { baseName, programOf } from './program.ts';

/** Programs that are given the server to run as an argument. */
const interpreters = /^(node|deno|bun|python[\d.]*|py|ruby|php|java|dotnet|uv|poetry|perl)$/;
const shells = /^(sh|bash|zsh|dash|fish|cmd|powershell|pwsh)$/;

/** A name of the program that a command starts, the same for each account it is started for. */
export function serviceOfStart(command: string, args: readonly string[]): string {
  const program = programOf({ command, args });
  if (program.runtime !== 'other')
    return `${program.runtime === 'docker' ? 'image' : 'package'} ${program.name}`;
  const name = baseName(command);
  if (shells.test(name)) return ['shell', command, ...args].join(' ');
  if (!interpreters.test(name)) return ['program', command, ...subcommand(args)].join(' ');
  const module = args.indexOf('-m');
  const script = module === -1 ? args.findIndex(isScript) : module + 1;
  return ['program', command, ...(script === -1 ? args : args.slice(0, script + 1))].join(' ');
}

/** Words that name the program in a command or an address, for a connector that people named nothing in common. */
export function nameOfStart(command: string, args: readonly string[]): string {
  const program = programOf({ command, args });
  if (program.runtime !== 'other') return program.name.split('/').at(-1) ?? '';
  const script = interpreters.test(baseName(command)) ? args.find(isScript) : undefined;
  return baseName(script ?? command).replace(/\.\w+$/, '');
}

export function nameOfAddress(url: string): string {
  const labels = new URL(url).hostname.split('.').filter((label) => !/^(www|api|mcp)$/.test(label));
  return labels.length > 1 ? (labels.at(-2) ?? '') : (labels[0] ?? '');
}

/** `serve` names what is started; what follows a flag, or looks like a value, only tells it something. */
function subcommand(args: readonly string[]): readonly string[] {
  return args.slice(0, 1).filter((arg) => /^[a-z][a-z-]*$/.test(arg));
}

function isScript(arg: string): boolean {
  return !arg.startsWith('-') && /[\\/]|\.(m?[jt]s|cjs|py|rb|php|jar|dll|pl)$/.test(arg);
}
