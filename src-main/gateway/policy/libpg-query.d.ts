/** The package describes its own functions only; see sql-parser.ts for why they are not used. */
declare module 'libpg-query/wasm/libpg-query.js' {
  export interface PgModule {
    readonly lengthBytesUTF8: (text: string) => number;
    readonly stringToUTF8: (text: string, at: number, size: number) => void;
    readonly UTF8ToString: (at: number) => string;
    readonly getValue: (at: number, type: 'i32') => number;
    readonly _malloc: (size: number) => number;
    readonly _free: (at: number) => void;
    readonly _wasm_parse_query_raw: (text: number) => number;
    readonly _wasm_free_parse_result: (result: number) => void;
  }
  export default function create(options: {
    readonly print: (line: string) => void;
    readonly printErr: (line: string) => void;
  }): Promise<PgModule>;
}
