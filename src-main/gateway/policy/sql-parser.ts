import type { PgModule } from 'libpg-query/wasm/libpg-query.js';

/** The statements of a text as PostgreSQL reads them; null when it would refuse the text. */
export type ParseSql = (text: string) => readonly unknown[] | null;

/** PostgreSQL's own parser, loaded when it is first needed. */
export interface SqlParser {
  /** A promise only while it loads; null where it cannot be loaded. */
  acquire(): ParseSql | Promise<ParseSql | null>;
}

/** Its memory never shrinks, so after a text of this many characters the module is given up. */
const bigText = 32_768;
const word = 4;

/*
 * The module is used without the package's own functions, because they keep one instance for ever: a statement nested
 * so deeply that the stack ends leaves its memory in disorder, and after some fifty of them it judges nothing any more.
 * Here such an instance is given up and the next statement gets a new one, which takes 10 ms.
 */
export function createSqlParser(): SqlParser {
  let ready: ParseSql | null = null;
  let loading: Promise<ParseSql | null> | null = null;

  const forget = (): void => {
    ready = null;
    loading = null;
  };

  async function load(): Promise<ParseSql | null> {
    try {
      const { default: create } = await import('libpg-query/wasm/libpg-query.js');
      // Nothing of it may reach stdout, where a command line speaks JSON.
      ready = parserOf(await create({ print: () => {}, printErr: () => {} }), forget);
      return ready;
    } catch {
      // A broken installation: all SQL counts as a write then, and the next statement tries again.
      forget();
      return null;
    }
  }

  return { acquire: () => ready ?? (loading ??= load()) };
}

function parserOf(pg: PgModule, giveUp: () => void): ParseSql {
  let isBroken = false;
  return (text) => {
    if (isBroken) return null;
    try {
      const statements = parse(pg, text);
      if (text.length > bigText) giveUp();
      return statements;
    } catch {
      isBroken = true;
      giveUp();
      return null;
    }
  };
}

/** Throws only what leaves the module in disorder: a trap inside of it, or a stack that ended. */
function parse(pg: PgModule, text: string): readonly unknown[] | null {
  const size = pg.lengthBytesUTF8(text) + 1;
  const at = pg._malloc(size);
  pg.stringToUTF8(text, at, size);
  const result = pg._wasm_parse_query_raw(at);
  // struct { char *parse_tree; char *stderr_buffer; PgQueryError *error; }
  const json =
    pg.getValue(result + 2 * word, 'i32') === 0 ? pg.UTF8ToString(pg.getValue(result, 'i32')) : null;
  pg._wasm_free_parse_result(result);
  pg._free(at);
  return json === null ? null : (JSON.parse(json) as { readonly stmts: readonly unknown[] }).stmts;
}
