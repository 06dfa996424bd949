import type { Effect } from '../../../src-shared/policy.ts';
import { isObject, type Params } from '../wire/frame.ts';
import { listOf, nodeOf } from './sql-node.ts';
import type { ParseSql } from './sql-parser.ts';
import { plainSql } from './sql-plain.ts';
import { type Dialect, judgeTree } from './sql-tree.ts';
import { strongest } from './strongest.ts';
import { wordsOf } from './words.ts';

/** More than a person or a model writes; what is longer is a write without being read. */
const maxText = 100_000;

/**
 * What SQL does. It only reads when every part of every statement is known to: whatever the parser does not know, or we
 * do not, is a write. What the text cannot tell is what a view or an operator of the database's own does when asked.
 */
export function judgeSql(text: string, dialect: Dialect, parse: ParseSql): Effect {
  // A NUL ends the text for the parser and not for every server; a lone surrogate is something else in UTF-8.
  if (text.length > maxText || /[^\t\n\r\P{Cc}]/u.test(text) || !text.isWellFormed()) return guessSql(text);
  // With an old setting of the server's, that quote would not end the string.
  if (text.includes("\\'")) return guessSql(text);
  const plain = dialect === 'postgres' ? ({ kind: 'sql', text } as const) : plainSql(text);
  if (plain?.kind === 'show') return 'reads';
  const statements = plain && parse(plain.text);
  if (!statements || statements.length === 0) return guessSql(text);
  return strongest(statements.map((statement) => effectOf(statement, dialect, text)));
}

/** The same without reading it: never a read. */
export function guessSql(text: string): Effect {
  return /\b(?:delete|drop|truncate)\b/i.test(text) ? 'destroys' : 'writes';
}

function effectOf(statement: unknown, dialect: Dialect, text: string): Effect {
  const [name, body] = nodeOf(isObject(statement) ? statement['stmt'] : null);
  if (name === 'VariableShowStmt') return 'reads';
  if (name === 'ExplainStmt') return ofExplain(body, dialect, text);
  if (name === 'SelectStmt') return judgeTree({ [name]: body }, dialect);
  const inner = judgeTree({ [name]: body }, dialect);
  // These say in words what they do, or hold a text that is run.
  return strongest(['writes', inner, /^(?:Alter|Do|Call|Rule)/.test(name) ? guessSql(text) : 'writes']);
}

/** Planned only, nothing is carried out by PostgreSQL; others run parts of it. */
function ofExplain(body: Params, dialect: Dialect, text: string): Effect {
  const options = listOf(body['options']).map((option) => String(nodeOf(option)[1]['defname']));
  if (options.some((option) => !explainOptions.has(option))) return guessSql(text);
  const [name] = nodeOf(body['query']);
  const isPlannedOnly = !options.includes('analyze');
  if (isPlannedOnly && dialect === 'postgres' && /^(?:Select|Insert|Update|Delete|Merge)Stmt$/.test(name))
    return 'reads';
  return effectOf({ stmt: body['query'] }, dialect, text);
}

const explainOptions = new Set(
  wordsOf('analyze verbose costs settings generic_plan buffers serialize wal timing summary memory format'),
);
