import { basename, extname } from 'node:path';
import { parse as parseJson, type ParseError } from 'jsonc-parser';
import { parse as parseToml, TomlError } from 'smol-toml';
import { isTable } from './entry.ts';
import { nexusServers } from './nexus.ts';

/** What a file names, or why nothing of it can be read. Holds secrets. */
export interface GivenServers {
  readonly title: string;
  readonly entries: Readonly<Record<string, unknown>>;
  readonly problem: string | null;
}

/** Where servers stand in files of this kind: those of clients, and those of projects. */
const sections = [
  ['mcpServers'],
  ['servers'],
  ['context_servers'],
  ['mcp_servers'],
  ['mcp', 'servers'],
] as const;

/** Reads a file that somebody named: a nexus.toml, or the kind of file that clients and projects have. */
export function readGiven(path: string, text: string): GivenServers {
  const title = basename(path);
  const problem = (sentence: string): GivenServers => ({ title, entries: {}, problem: sentence });
  try {
    const isToml = extname(path).toLowerCase() === '.toml';
    const document = isToml ? parseToml(text) : fromJson(text);
    if (!isTable(document)) return problem(`${path} is not valid JSON; mend it, then import it`);
    const at = sections.find((keys) => tableAt(document, keys) !== null);
    if (!at)
      return problem(`${path} names no servers; give a file with mcpServers, servers or [mcp.servers]`);
    const entries = tableAt(document, at) ?? {};
    const isNexus = isToml && at[0] === 'mcp';
    return { title, entries: isNexus ? nexusServers(document, entries) : entries, problem: null };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // Its message quotes the line, which may hold a secret.
    return problem(
      `${path} is not valid TOML (line ${error.line}, column ${error.column}); mend it, then import it`,
    );
  }
}

function fromJson(text: string): unknown {
  const errors: ParseError[] = [];
  const document: unknown = parseJson(text.replace(/^\uFEFF/, ''), errors, { allowTrailingComma: true });
  return errors.length === 0 ? document : null;
}

function tableAt(
  document: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): Readonly<Record<string, unknown>> | null {
  let value: unknown = document;
  for (const key of keys) value = isTable(value) && Object.hasOwn(value, key) ? value[key] : null;
  return isTable(value) ? value : null;
}
