import type { HttpEntry, StdioEntry } from './entry.ts';
import { programOf } from './program.ts';

/** Flags of mcp-remote that change nothing where Nucleus itself speaks to the server. */
const spare = new Set(['--allow-http', '--debug', '--silent', '--enable-proxy']);
/** Those, with a value, that only its own way to sign in needs. */
const spareWithValue = new Set(['--host', '--auth-timeout']);

/** The server that mcp-remote leads to; null for anything else, and where it is told what Nucleus cannot do. */
export function behindBridge(entry: StdioEntry): HttpEntry | null {
  const program = programOf(entry);
  if (program.name !== 'mcp-remote') return null;
  const headers: Record<string, string> = {};
  let transport: HttpEntry['transport'] = 'http';
  let url: string | null = null;
  for (let at = 0; at < program.args.length; at += 1) {
    const arg = program.args[at] ?? '';
    const next = program.args[at + 1] ?? '';
    if (arg === '--header') {
      const [, name, value = ''] = /^([^:]+):\s*(.*)$/s.exec(next) ?? [];
      if (name === undefined) return null;
      headers[name.trim()] = filled(value, entry.env);
      at += 1;
    } else if (arg === '--transport') {
      transport = next.startsWith('sse') ? 'sse' : 'http';
      at += 1;
    } else if (spareWithValue.has(arg)) at += 1;
    else if (spare.has(arg) || (url !== null && /^\d{2,5}$/.test(arg))) continue;
    else if (url === null && /^https?:\/\//.test(arg) && URL.canParse(arg)) url = arg;
    else return null;
  }
  return url === null ? null : { kind: 'http', transport, url, headers };
}

/** It fills in variables by itself, because some clients split an argument at its blanks. */
function filled(value: string, env: Readonly<Record<string, string>>): string {
  return value.replace(/\$\{(\w+)\}/g, (whole, name: string) => env[name] ?? whole);
}
