import { isObject, type Params } from '../../wire/frame.ts';
import { splitWords } from './words.ts';

/**
 * What calling a tool does, as far as its definition tells. `varies`: its argument decides, as with SQL. The upstream's
 * hints are a claim (policy judges by more than this); they are enough to leave a tool out of a suggestion.
 */
export type Effect = 'reads' | 'varies' | 'unknown' | 'writes' | 'destroys';

export function effectOf(name: string, definition: Params): Effect {
  const hints = isObject(definition['annotations']) ? definition['annotations'] : {};
  if (hints['readOnlyHint'] === true) return 'reads';
  const words = wordsOf(name);
  if (takesStatement(words, definition['inputSchema'])) return 'varies';
  if (hints['destructiveHint'] === true) return 'destroys';
  // By the specification a tool that says it is not read-only destroys, unless it says that it does not.
  if (hints['readOnlyHint'] === false) return hints['destructiveHint'] === false ? 'writes' : 'destroys';
  return guess(words);
}

/** Whether somebody asks for a change in these words; running a statement is none yet. */
export function asksForChange(words: readonly string[]): boolean {
  const isChange = (word: string): boolean =>
    destroying.has(word) || (changing.has(word) && !running.has(word));
  return words.some((word) => isChange(word) || (word.endsWith('s') && isChange(word.slice(0, -1))));
}

/** Whether somebody only asks for something: "which tables are there", "show me the logs". */
export function onlyAsks(words: readonly string[]): boolean {
  const [first = '', second = ''] = words;
  if (first === 'how') return howMuch.has(second);
  return asking.has(first) || (first === 'please' && asking.has(second));
}

/** Whether a tool changes something, as far as its hints or the first verb of its name tell. */
export function changes(name: string, definition: Params): boolean {
  const effect = effectOf(name, definition);
  if (effect !== 'unknown') return effect === 'writes' || effect === 'destroys';
  const verb = wordsOf(name).find((word) => changing.has(word) || reading.has(word));
  return verb !== undefined && changing.has(verb);
}

/** Of a name longer than any that a person wrote only the beginning is read. */
const maxName = 1_000;

function wordsOf(name: string): readonly string[] {
  return splitWords(name.slice(0, maxName));
}

/** Without hints the name tells: one destroying word is enough, else its first verb, if that only reads. */
function guess(words: readonly string[]): Effect {
  if (words.some((word) => destroying.has(word))) return 'destroys';
  const verbs = words.filter((word) => changing.has(word) || reading.has(word));
  const isJoined = words.includes('and') || words.includes('or');
  return reading.has(verbs[0] ?? '') && !(isJoined && verbs.some((verb) => changing.has(verb)))
    ? 'reads'
    : 'unknown';
}

/** Whether what the tool does stands in an argument: a statement of a query language, as `execute_sql` takes. */
function takesStatement(words: readonly string[], schema: unknown): boolean {
  const properties = isObject(schema) ? schema['properties'] : undefined;
  if (!isObject(properties) || words.some((word) => destroying.has(word))) return false;
  const isLanguage = words.some((word) => languages.has(word));
  return Object.keys(properties).some((key) => statement.test(key) || (isLanguage && query.test(key)));
}

const languages = new Set('sql statement cypher graphql sparql'.split(' '));
const statement = /^(?:sql|statement|sql_?query|query_?sql|cypher|graphql)$/i;
const query = /^quer(?:y|ies)$/i;

const asking = new Set(
  (
    'what which who whom whose when where why is are was were has have did does show list tell find search look see ' +
    'get read check view compare diff'
  ).split(' '),
);
const howMuch = new Set('many much old big long far large often'.split(' '));

const destroying = new Set(
  (
    'delete remove drop destroy erase purge truncate reset wipe clear revoke uninstall kill terminate deactivate disable ' +
    'ban block unlink prune overwrite force rollback revert archive cancel refund detach expire'
  ).split(' '),
);

const running = new Set('run execute exec invoke start'.split(' '));

const changing = new Set(
  (
    'create add insert update edit modify set write put post send publish upload save store rename move copy merge ' +
    'commit push deploy apply start stop restart run execute exec invoke pay charge transfer invite assign grant approve ' +
    'close reopen open lock unlock enable install import append patch replace submit reply comment react mark pause resume ' +
    'migrate restore fork checkout switch order book buy upsert register alter fix grant change'
  ).split(' '),
);

const reading = new Set(
  (
    'get list read search find query fetch show view describe lookup count check compare diff status log logs info ' +
    'inspect browse retrieve download export analyze explain summarize preview validate verify calculate convert ' +
    'translate geocode select history schema stats metrics report current latest lookup who what ping head tail tree ' +
    'trending recommend suggest discover explore resolve'
  ).split(' '),
);
