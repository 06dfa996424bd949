/** What the server asks the process that holds the database, and what that answers; JSON over node's IPC channel. */
export type Question =
  | { readonly kind: 'list' }
  | { readonly kind: 'describe'; readonly table: string }
  | {
      readonly kind: 'query';
      readonly sql: string;
      readonly parameters: Parameters;
      readonly limit: number;
    };

export type Parameters = readonly Value[] | Readonly<Record<string, Value>>;

/** What JSON can say of an SQLite value. */
export type Value = string | number | boolean | null | Blob;

export interface Blob {
  readonly $base64: string;
}

/** Sent before a question is worked on: the time limit counts from here, not from the start of the process. */
export interface Begun {
  readonly begun: true;
}

/** `text` is the JSON of the answer; `error` a sentence for the model. */
export type Reply = { readonly text: string } | { readonly error: string };

export interface Settings {
  readonly file: string;
  readonly readOnly: boolean;
  readonly timeoutMs: number;
}
