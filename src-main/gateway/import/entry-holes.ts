import { sep } from 'node:path';
import type { EntryPlace } from './entry.ts';

/** Fills in what a client would fill into the texts of an entry before it starts the server. */
export interface HoleFiller {
  fill(text: string): string;
  fillAll(texts: Readonly<Record<string, string>>): Record<string, string>;
  /** Why a hole could not be filled; null when all could. */
  problem(): string | null;
}

/** A variable with braces, with another value where there is none. */
const braces = /\$\{([^{}]*)\}/g;
/** The same, or bare. */
const either = /\$(?:\{([^{}]*)\}|([A-Za-z_]\w*))/g;
/** Holes of config.toml's kind, which a nexus.toml has. */
const double = /\{\{\s*(.*?)\s*\}\}/g;

/** `own` names the variables that the entry itself sets: the server may fill those in by itself, as mcp-remote does. */
export function createHoleFiller({ host, env, user }: EntryPlace, own: ReadonlySet<string>): HoleFiller {
  let problem: string | null = null;
  const refuse = (sentence: string): string => {
    problem ??= sentence;
    return '';
  };
  const variable = (name: string, fallback?: string): string => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    return value || (fallback ?? refuse(unsetVariable(name)));
  };
  const editor = (whole: string, inside: string): string => {
    const [, kind, name = ''] = /^(\w+):(.*)$/.exec(inside) ?? [];
    if (kind === 'env') return variable(name);
    if (kind === 'input')
      return refuse(
        `it asks for "${name}" when it starts, so the value is in no file; add it by hand, which asks for it, too`,
      );
    if (own.has(inside)) return whole;
    if (inside === 'userHome') return user;
    if (inside === '/' || inside === 'pathSeparator') return sep;
    return refuse(
      `it holds ${whole.slice(0, 40)}, which only the client can fill in, for one folder at a time`,
    );
  };
  const shell = (whole: string, inside: string): string => {
    const [, name, , fallback] = /^([A-Za-z_]\w*)(:-(.*))?$/s.exec(inside) ?? [];
    if (name === undefined || (own.has(name) && !env[name] && fallback === undefined)) return whole;
    return variable(name, fallback);
  };

  const fill = (text: string): string => {
    if (host === null)
      return text
        .replace(double, (whole, inside: string) => {
          const name = /^env\.([A-Za-z_]\w*)$/.exec(inside)?.[1];
          return name === undefined
            ? refuse(`it holds ${whole.slice(0, 40)}, which is no variable`)
            : variable(name);
        })
        .replace(braces, shell);
    if (host === 'vscode' || host === 'cursor' || host === 'windsurf') return text.replace(braces, editor);
    if (host === 'claude-code') return text.replace(braces, shell);
    if (host === 'gemini')
      return text.replace(either, (whole, inside?: string, name?: string) =>
        shell(whole, inside ?? name ?? ''),
      );
    // The others start what is written.
    return text;
  };

  return {
    fill,
    fillAll: (texts) => Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, fill(text)])),
    problem: () => problem,
  };
}

/** What is said of a variable that would be needed. */
export function unsetVariable(name: string): string {
  return `it takes a value from the variable ${name}, which is not set here; set it, or write the value in its place, then import it`;
}
