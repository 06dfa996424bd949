/*
 * SQL of a dialect that is not PostgreSQL's, brought to what PostgreSQL's parser reads.
 *
 * Why that parser may judge it: what could deceive is a text that one side reads as a string or a comment and the other
 * as a statement. So only texts pass in which every dialect ends each string, name and statement at the same place:
 *   - no backslash (an escape in MySQL, BigQuery, ClickHouse, a letter elsewhere), no `$` (a quote in PostgreSQL);
 *   - no comment of any form: `--` wants a blank behind it in MySQL only, the slash-star nests in some and runs in
 *     MySQL with a `!`, `#` and `//` are operators elsewhere;
 *   - no square brackets (names in SQLite and SQL Server, arrays elsewhere), no backtick but around a plain name;
 *   - no three quotes in a row (they begin a long string in BigQuery); two of them end and begin, or escape, and in both
 *     readings the string ends where it did;
 *   - nothing beyond ASCII outside of quotes (some take such blanks for blanks, others for letters), no control
 *     character anywhere.
 * Then the words are the same for all, and they are read strictly: the parser refuses most of what is foreign to it,
 * and a word that begins a statement which changes things is refused wherever it stands outside of quotes, because SQL
 * Server needs no semicolon before it.
 */

/** What PostgreSQL's parser is to read. */
export type Plain =
  | { readonly kind: 'sql'; readonly text: string }
  /** Describes a table or a server, in words that are not PostgreSQL's. */
  | { readonly kind: 'show' };

/** The same text in PostgreSQL's writing; null when dialects might read it differently. */
export function plainSql(text: string): Plain | null {
  if (/[\\$#[\]]|--|\/\*|\/\/|'''|"""/.test(text)) return null;
  const parts: string[] = [];
  const bare: string[] = [];
  for (const [token] of text.matchAll(tokens)) {
    if (/^['"`]$/.test(token)) return null;
    const isQuoted = /^['"`]/.test(token);
    if (!isQuoted && !/^[\t\n\r -~]*$/.test(token)) return null;
    parts.push(isQuoted ? quoted(token) : rewritten(token));
    bare.push(isQuoted ? (token.startsWith("'") ? "''" : 'x') : token);
  }
  const outside = bare.join('');
  // "SHOW CREATE TABLE x" is the one honest use of such a word.
  if (changing.test(outside.replace(/^\s*show\s+create\s+[a-z]+\s+[\w.]+\s*;?\s*$/i, ''))) return null;
  if (describing.test(outside)) return { kind: 'show' };
  return { kind: 'sql', text: parts.join('').replace(/^\s*explain\s+query\s+plan\s/i, 'explain ') };
}

/** A string, a quoted name, what is between them, or a quote that nothing closes. */
const tokens = /'[^']*'|"[^"]*"|`[A-Za-z0-9_][A-Za-z0-9_.-]*`|[^'"`]+|['"`]/g;

function quoted(token: string): string {
  if (token.startsWith('`')) return ` "${token.slice(1, -1)}" `;
  // No name is empty: where this is allowed it is an empty string.
  return token === '""' ? " '' " : token;
}

/** Parameters (`?`, `?1`, `:name`) and MySQL's intervals. */
function rewritten(part: string): string {
  return part
    .replace(/\?\d*/g, ' $$1 ')
    .replace(/(^|[^:\w]):[A-Za-z_]\w*/g, '$1 $$1 ')
    .replace(/\binterval\s+(\d+)\s+(second|minute|hour|day|week|month|quarter|year)\b/gi, "interval '$1 $2'");
}

const describing = new RegExp(
  String.raw`^\s*(?:show\s[\w\s.%'=]*|(?:desc|describe)\s+(?:table\s+|view\s+)?\w+(?:\s*\.\s*\w+){0,2})\s*;?\s*$`,
  'i',
);

/** Words that begin a statement which does not only read, in any dialect. */
const changing = new RegExp(
  String.raw`\b(?:${[
    'insert|update|delete|merge|upsert|truncate|drop|alter|create|rename|grant|revoke|deny|set|into|outfile|dumpfile',
    'exec|execute|call|begin|commit|rollback|savepoint|shutdown|checkpoint|reconfigure|kill|dbcc|pragma|attach|detach',
    'vacuum|reindex|copy|unload|dump|restore|revert|lock|unlock|handler|install|import|waitfor|raiserror|throw',
  ].join('|')})\b`,
  'i',
);
