/** What the app's process says to a built-in server's utility process, which has no stdin of its own. */
export type ToBuiltin = { readonly stdin: Uint8Array } | { readonly stdin: null };

/** The answer to each chunk once the server has room for another. */
export type FromBuiltin = 'more';
