import { effects, type Effect } from '../../../src-shared/policy.ts';
import { isObject, type Params } from '../wire/frame.ts';
import { harmlessAnywhere, harmlessElsewhere, harmlessPragmas } from './sql-functions.ts';
import type { ParseSql } from './sql-parser.ts';
import { plainSql } from './sql-plain.ts';

/** `postgres` is PostgreSQL itself, in whoever's house; `other` is every database that reads SQL in its own way. */
export type Dialect = 'postgres' | 'other';

/** More than a person or a model writes; what is longer is a write without being read. */
const maxText = 256 * 1024;

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

export function strongest(all: readonly Effect[]): Effect {
  return effects[Math.max(...all.map((effect) => effects.indexOf(effect)))] ?? 'writes';
}

function effectOf(statement: unknown, dialect: Dialect, text: string): Effect {
  const [name, body] = nodeOf(isObject(statement) ? statement['stmt'] : null);
  if (name === 'VariableShowStmt') return 'reads';
  if (name === 'ExplainStmt') return ofExplain(body, dialect, text);
  if (name === 'SelectStmt') return ofTree({ [name]: body }, dialect);
  const inner = ofTree({ [name]: body }, dialect);
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

const explainOptions = new Set([
  ...['analyze', 'verbose', 'costs', 'settings', 'generic_plan', 'buffers', 'serialize', 'wal', 'timing'],
  ...['summary', 'memory', 'format'],
]);

/** What is seen on a walk through a tree, beside what it finds at once. */
interface Seen {
  found: Effect;
  /** Names a function's rows go by, each with the columns they surely have. */
  readonly rows: { readonly name: string; readonly columns: readonly string[] }[];
  readonly columns: { readonly of: string; readonly name: string }[];
}

function ofTree(root: Params, dialect: Dialect): Effect {
  const seen: Seen = { found: 'reads', rows: [], columns: [] };
  const open: unknown[] = [root];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (Array.isArray(at)) for (const item of at) open.push(item);
    else if (isObject(at))
      for (const [key, value] of Object.entries(at)) {
        seen.found = strongest([seen.found, ofEntry(key, value, dialect, seen)]);
        open.push(value);
      }
  }
  // `f.x` calls x(f) when f is what a function gave and has no such column.
  const isCall = seen.columns.some(({ of, name }) =>
    seen.rows.some((row) => row.name === of && !row.columns.includes(name) && !isHarmless([name], dialect)),
  );
  return isCall ? strongest(['writes', seen.found]) : seen.found;
}

/** A key with a capital names a node, which has to be a known one; the others are its fields. */
function ofEntry(key: string, value: unknown, dialect: Dialect, seen: Seen): Effect {
  if (!/^[A-Z]/.test(key)) {
    if (key === 'intoClause' || key === 'lockingClause') return 'writes';
    return isObject(value) && isPart(value) && !plainFields.has(key) ? 'writes' : 'reads';
  }
  const node = isObject(value) ? value : {};
  if (destroying.has(key)) return 'destroys';
  if (key === 'MergeWhenClause' && node['commandType'] === 'CMD_DELETE') return 'destroys';
  if (key === 'CopyStmt' && node['is_program'] === true) return 'destroys';
  return plainNodes.has(key) && isPlain(key, node, dialect, seen) ? 'reads' : 'writes';
}

const destroying = new Set([
  ...[
    'DeleteStmt',
    'TruncateStmt',
    'DropStmt',
    'DropdbStmt',
    'DropOwnedStmt',
    'DropRoleStmt',
    'DropSubscriptionStmt',
  ],
  // A text that is run, in a language nobody reads here.
  ...['DropTableSpaceStmt', 'DropUserMappingStmt', 'DoStmt'],
]);

const plainNodes = new Set([
  ...[
    'SelectStmt',
    'CommonTableExpr',
    'ResTarget',
    'RangeVar',
    'RangeSubselect',
    'RangeFunction',
    'RangeTableSample',
  ],
  ...['JoinExpr', 'SortBy', 'WindowDef', 'GroupingSet', 'GroupingFunc', 'ColumnDef', 'ColumnRef', 'ParamRef'],
  ...['FuncCall', 'NamedArgExpr', 'A_Expr', 'A_Const', 'A_Star', 'A_ArrayExpr', 'A_Indirection', 'A_Indices'],
  ...['BoolExpr', 'BooleanTest', 'NullTest', 'CaseExpr', 'CaseWhen', 'CoalesceExpr', 'MinMaxExpr', 'RowExpr'],
  ...['SubLink', 'TypeCast', 'TypeName', 'CollateClause', 'SQLValueFunction', 'JsonIsPredicate', 'List'],
  ...['String', 'Integer', 'Float', 'Boolean', 'BitString'],
]);

/** Fields whose value has one kind only and so no name of a node around it. */
const plainFields = new Set([
  ...['withClause', 'larg', 'rarg', 'alias', 'typeName', 'over', 'search_clause', 'cycle_clause'],
  ...['ival', 'fval', 'boolval', 'sval', 'bsval'],
]);

/** Whether an object stands in its field as it is, without the name of a node around it. */
function isPart(value: Params): boolean {
  return !Object.keys(value).every((key) => /^[A-Z]/.test(key)) || Object.keys(value).length === 0;
}

function isPlain(key: string, node: Params, dialect: Dialect, seen: Seen): boolean {
  switch (key) {
    case 'FuncCall':
      return isHarmless(namesOf(node['funcname']), dialect);
    case 'A_Expr':
      return isOperator(node['name']);
    case 'SubLink':
      return isOperator(node['operName']);
    case 'SortBy':
      return isOperator(node['useOp']);
    case 'RangeTableSample':
      return /^(?:system|bernoulli)$/.test(namesOf(node['method']).join('.'));
    case 'RangeVar': {
      const name = String(node['relname']).toLowerCase();
      return dialect === 'postgres' || !name.startsWith('pragma_') || harmlessPragmas.has(name);
    }
    case 'RangeFunction':
      seen.rows.push(...rowsOf(node));
      return true;
    case 'ColumnRef': {
      const names = namesOf(node['fields']);
      const [of, name] = names.slice(-2);
      if (of !== undefined && name !== undefined) seen.columns.push({ of, name });
      // Oracle, Snowflake and others move a sequence on when they are asked for this column.
      return names.length < 2 || name?.toLowerCase() !== 'nextval';
    }
    case 'A_Indirection':
      return listOf(node['indirection']).every((step) => isStep(step, node['arg'], dialect));
    default:
      return true;
  }
}

/** `(x).f` calls f(x) when x is no row; only what cannot be one, or may be called, is let through. */
function isStep(step: unknown, from: unknown, dialect: Dialect): boolean {
  const [name, { sval }] = nodeOf(step);
  if (name !== 'String') return true;
  const [source, call] = nodeOf(from);
  const isOfJson = source === 'FuncCall' && jsonRows.test(namesOf(call['funcname']).join('.'));
  return isHarmless([String(sval)], dialect) || (isOfJson && (sval === 'key' || sval === 'value'));
}

const jsonRows = /^jsonb?_(?:each|each_text|array_elements|array_elements_text)$/;

/** A function in FROM: what its rows are called, and the columns they have whatever its result is. */
function rowsOf(node: Params): Seen['rows'] {
  const alias = isObject(node['alias']) ? node['alias'] : null;
  const own = namesOf(alias?.['colnames']);
  const declared = listOf(node['coldeflist']).map((column) => String(nodeOf(column)[1]['colname']));
  const called = listOf(node['functions'])
    .flatMap((item) => listOf(nodeOf(item)[1]['items']))
    .filter((item) => nodeOf(item)[0] === 'FuncCall')
    .map((item) => namesOf(nodeOf(item)[1]['funcname']).at(-1) ?? '');
  const name = typeof alias?.['aliasname'] === 'string' ? alias['aliasname'] : null;
  const columns = [
    ...own,
    ...declared,
    ...(own.length === 0 && name !== null ? [name] : []),
    ...(node['ordinality'] === true ? ['ordinality'] : []),
    ...(called.every((one) => jsonRows.test(one)) ? ['key', 'value'] : []),
  ];
  return (name === null ? called : [name]).map((one) => ({ name: one, columns }));
}

function isHarmless(names: readonly string[], dialect: Dialect): boolean {
  const [first = '', second, ...more] = names;
  if (more.length > 0 || (second !== undefined && first !== 'pg_catalog')) return false;
  const name = second ?? first;
  return harmlessAnywhere.has(name) || (dialect === 'other' && harmlessElsewhere.has(name));
}

/** One of a schema of its own could be anybody's. */
function isOperator(name: unknown): boolean {
  const names = namesOf(name);
  return names.length < 2 || (names.length === 2 && names[0] === 'pg_catalog');
}

function namesOf(list: unknown): string[] {
  return listOf(list).flatMap((item) => {
    const [name, { sval }] = nodeOf(item);
    return name === 'String' && typeof sval === 'string' ? [sval] : [];
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** `{ SelectStmt: {…} }` taken apart. */
function nodeOf(value: unknown): readonly [name: string, body: Params] {
  const [name, body] = (isObject(value) ? Object.entries(value)[0] : undefined) ?? ['', {}];
  return [name, isObject(body) ? body : {}];
}
