/** What a statement is refused for, or null. Looks at the words of the SQL only; the database itself guards again. */
export function refuse(sql: string, mode: { readonly readOnly: boolean }): string | null {
  if (sql.includes('\0')) return 'The statement contains a NUL character; remove it.';
  const words = wordsOf(sql);
  const [first] = words;
  if (first === undefined) return 'There is no statement in "sql"; write one, such as SELECT 1.';
  // What comes after EXPLAIN counts: SQLite runs some pragmas while it only explains them.
  const verb = first === 'EXPLAIN' ? words[words[1] === 'QUERY' ? 3 : 1] : first;
  if (verb === 'PRAGMA')
    return 'PRAGMA is not allowed here; list_tables and describe_table answer the schema.';
  if (verb === 'ATTACH' || verb === 'DETACH')
    return `${verb} is not allowed: this server reaches one file only; add another profile for another file.`;
  if (verb === 'VACUUM' && words.includes('INTO'))
    return 'VACUUM INTO is not allowed: it would write another file; copy the database file instead.';
  if (words.includes('LOAD_EXTENSION'))
    return 'load_extension is not allowed: this server runs no foreign code.';
  if (mode.readOnly)
    return returningRows.has(first)
      ? null
      : `${first} is not allowed: this profile is read-only, and only SELECT, WITH, VALUES and EXPLAIN are run. ` +
          'To allow writing, a person sets the profile to read and write.';
  if (verb !== undefined && transactional.has(verb))
    return `${verb} is not allowed: every call is a transaction of its own, and an open one would lock the file for others.`;
  return null;
}

/** Whether the statement only tells how another one would be carried out; SQLite counts it as that other one. */
export function isExplanation(sql: string): boolean {
  return wordsOf(sql)[0] === 'EXPLAIN';
}

const returningRows = new Set(['SELECT', 'WITH', 'VALUES', 'EXPLAIN']);
const transactional = new Set(['BEGIN', 'COMMIT', 'END', 'ROLLBACK', 'SAVEPOINT', 'RELEASE']);

/**
 * One token of SQLite's grammar, as far as it matters where words begin and strings and comments end; what is not
 * closed runs to the end, as in SQLite. A quoted name counts as a word, since it can name a function.
 */
const token = new RegExp(
  [
    String.raw`(?<blank>[\s\uFEFF]+|--[^\n]*|\/\*[^]*?(?:\*\/|$))`,
    String.raw`'[^']*(?:''[^']*)*(?:'|$)`,
    String.raw`"(?<double>[^"]*(?:""[^"]*)*)(?:"|$)`,
    String.raw`${'`'}(?<back>[^${'`'}]*)(?:${'`'}|$)`,
    String.raw`\[(?<bracket>[^\]]*)(?:\]|$)`,
    String.raw`(?<bare>[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*)`,
    '[^]',
  ].join('|'),
  'gy',
);

/** The words of a statement in capitals, in order. The first entry is the first token whatever it is. */
function wordsOf(sql: string): readonly string[] {
  const words: string[] = [];
  for (const match of sql.matchAll(token)) {
    const { blank, bare, double, back, bracket } = match.groups ?? {};
    // SQLite skips semicolons before a statement, and so would what hides behind them be skipped here.
    if (blank !== undefined || (words.length === 0 && match[0] === ';')) continue;
    // A statement begins with a bare keyword; anything else in its place is no statement we know.
    const word = words.length === 0 ? (bare ?? match[0]) : (bare ?? double ?? back ?? bracket);
    if (word !== undefined) words.push(word.toUpperCase());
  }
  return words;
}
