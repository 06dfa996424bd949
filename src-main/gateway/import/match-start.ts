import type { Manifest, ManifestStdio } from '../profiles/manifest.ts';
import type { StdioEntry } from './entry.ts';
import { programOf, type Program } from './program.ts';
import { isLiteral, readBack, type Caught } from './template-reading.ts';

interface Look {
  readonly readOnly: boolean;
  readonly caught: Caught;
  /** Where a variable stood that was an argument. */
  readonly places: Readonly<Record<string, string>>;
}

/** Whether an entry starts what the manifest would start, with what in its holes. */
export function fitsStart(entry: StdioEntry, manifest: Manifest, stdio: ManifestStdio, look: Look): boolean {
  const program = programOf(entry);
  if (entry.cwd !== null || !isProgram(program, stdio, entry)) return false;
  const set = look.readOnly ? manifest.readOnly?.set : undefined;
  return (
    fitsVariables(passedOn(entry, program), { ...stdio.env, ...set?.env }, look) &&
    fitsArguments(program.args, [...stdio.args, ...(set?.args ?? [])], look)
  );
}

function isProgram(program: Program, stdio: ManifestStdio, entry: StdioEntry): boolean {
  if (stdio.runtime === 'builtin') return false;
  if (stdio.runtime === 'binary') return program.runtime === 'other' && entry.command === stdio.command;
  return program.isPlain && program.runtime === stdio.runtime && program.name === stdio.package;
}

/** The variables the server itself sees: docker passes on those it is told to. */
function passedOn(entry: StdioEntry, program: Program): Readonly<Record<string, string>> {
  if (program.runtime !== 'docker') return entry.env;
  const before = entry.args.slice(0, entry.args.length - program.args.length);
  const named = before.flatMap((arg, index) => {
    const inside = /^(?:-e|--env=)([A-Za-z_]\w*)(=.*)?$/s.exec(arg) ?? [];
    const follows = /^(-e|--env)$/.test(before[index - 1] ?? '') ? /^([A-Za-z_]\w*)(=.*)?$/s.exec(arg) : null;
    const [, name, value] = follows ?? inside;
    return name === undefined
      ? []
      : [[name, value === undefined ? (entry.env[name] ?? '') : value.slice(1)] as const];
  });
  return Object.fromEntries(named);
}

function fitsVariables(
  env: Readonly<Record<string, string>>,
  templates: Readonly<Record<string, string>>,
  { readOnly, caught, places }: Look,
): boolean {
  const isKnown = Object.entries(env).every(([name, value]) => {
    const place = places[name] ?? `variable ${name}`;
    const template = Object.hasOwn(templates, name) ? templates[name] : undefined;
    return template !== undefined && (value === '' || readBack(template, value, caught, { readOnly, place }));
  });
  // That a server sends its maker no figures changes nothing for whoever calls it.
  const isMissing = ([name, template]: [string, string]): boolean =>
    isLiteral(template) && !/TELEMETRY/.test(name) && !Object.hasOwn(env, name);
  return isKnown && !Object.entries(templates).some(isMissing);
}

/** One thing a command line can say: a flag with a value, or a word. */
interface Said {
  readonly flag: string | null;
  readonly template: string;
}

function fitsArguments(args: readonly string[], templates: readonly string[], look: Look): boolean {
  const open = saidBy(templates);
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    const taken = open.findIndex((said) => takes(said, arg, args[at + 1], look));
    if (taken === -1) return false;
    if (open[taken]?.flag === arg) at += 1;
    open.splice(taken, 1);
  }
  return !open.some(({ template }) => isLiteral(template));
}

/** `--flag={{…}}` and `--flag`, `{{…}}` say the same. */
function saidBy(templates: readonly string[]): Said[] {
  const said: Said[] = [];
  for (let at = 0; at < templates.length; at += 1) {
    const template = templates[at] ?? '';
    const [, flag, value] = /^(--?[A-Za-z][\w-]*)=(.*)$/s.exec(template) ?? [];
    const next = templates[at + 1];
    if (flag !== undefined && value !== undefined) said.push({ flag, template: value });
    else if (/^--?[A-Za-z]/.test(template) && next !== undefined && !isLiteral(next)) {
      said.push({ flag: template, template: next });
      at += 1;
    } else said.push({ flag: null, template });
  }
  return said;
}

function takes(
  { flag, template }: Said,
  arg: string,
  next: string | undefined,
  { readOnly, caught }: Look,
): boolean {
  if (flag === null) return readBack(template, arg, caught, { readOnly, place: 'an argument' });
  const place = `argument ${flag}`;
  if (arg === flag) return next !== undefined && readBack(template, next, caught, { readOnly, place });
  const start = `${flag}=`;
  return arg.startsWith(start) && readBack(template, arg.slice(start.length), caught, { readOnly, place });
}
