import type { Effect } from '../../../src-shared/policy.ts';
import { isObject, type Params } from '../wire/frame.ts';
import { strongest } from './strongest.ts';
import { harmlessAnywhere, harmlessElsewhere, harmlessPragmas } from './sql-functions.ts';
import { listOf, namesOf, nodeOf } from './sql-node.ts';
import { wordsOf } from './words.ts';

/** `postgres` is PostgreSQL itself, in whoever's house; `other` is every database that reads SQL in its own way. */
export type Dialect = 'postgres' | 'other';

/** Reads only when every node, field, function and operator in it is known to. */
export function judgeTree(root: Params, dialect: Dialect): Effect {
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

/** What is seen on a walk through a tree, beside what it finds at once. */
interface Seen {
  found: Effect;
  /** Names a function's rows go by, each with the columns they surely have. */
  readonly rows: { readonly name: string; readonly columns: readonly string[] }[];
  readonly columns: { readonly of: string; readonly name: string }[];
}

/** A key with a capital names a node, which has to be a known one; the others are its fields. */
function ofEntry(key: string, value: unknown, dialect: Dialect, seen: Seen): Effect {
  if (!/^[A-Z]/.test(key))
    return isObject(value) && isPart(value) && !plainFields.has(key) ? 'writes' : 'reads';
  const node = isObject(value) ? value : {};
  if (destroying.has(key)) return 'destroys';
  if (key === 'MergeWhenClause' && node['commandType'] === 'CMD_DELETE') return 'destroys';
  if (key === 'CopyStmt' && node['is_program'] === true) return 'destroys';
  return plainNodes.has(key) && isPlain(key, node, dialect, seen) ? 'reads' : 'writes';
}

const destroying = new Set(
  wordsOf(
    'DeleteStmt TruncateStmt DropStmt DropdbStmt DropOwnedStmt DropRoleStmt DropSubscriptionStmt DropTableSpaceStmt',
    'DropUserMappingStmt',
    // A text that is run, in a language nobody reads here.
    'DoStmt',
  ),
);

/** Those of a statement that only looks; a LockingClause (FOR UPDATE) is none. */
const plainNodes = new Set(
  wordsOf(
    'SelectStmt CommonTableExpr ResTarget RangeVar RangeSubselect RangeFunction RangeTableSample JoinExpr SortBy',
    'WindowDef GroupingSet GroupingFunc ColumnDef ColumnRef ParamRef FuncCall NamedArgExpr A_Expr A_Const A_Star',
    'A_ArrayExpr A_Indirection A_Indices BoolExpr BooleanTest NullTest CaseExpr CaseWhen CoalesceExpr MinMaxExpr',
    'RowExpr SubLink TypeCast TypeName CollateClause SQLValueFunction JsonIsPredicate List String Integer Float',
    'Boolean BitString',
  ),
);

/** Fields whose value has one kind only and so no name of a node around it; an intoClause (SELECT INTO) is none. */
const plainFields = new Set(
  wordsOf('withClause larg rarg alias typeName over search_clause cycle_clause ival fval boolval sval bsval'),
);

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
