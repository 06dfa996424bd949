/**
 * The first line each side writes on the gateway's local socket. After a good answer a `client` speaks MCP, one
 * JSON-RPC message a line, a `control` connection puts the questions of contract.ts as JSON-RPC requests
 * (method = AskName, params = the input), and a `command` has a command line run in the gateway's process, its streams
 * carried as lines (docs/shim.md). No zod here: the shim loads this file on every start of a client.
 */
export interface AttachLine {
  /** Major version of this handshake; another one is refused with a sentence. Unknown fields are ignored. */
  readonly nucleus: 1;
  readonly version: string;
  readonly role: 'client' | 'control' | 'command';
  readonly cwd?: string;
  /** The client key that `install` wrote into the entry; names the principal, protects nothing. */
  readonly client?: string;
  readonly view?: AttachView;
}

/** What a shim's flags say about the view; narrows, never widens. */
export interface AttachView {
  readonly mode?: string;
  /** Accounts that mode `hybrid` shows as well, `connector:alias`. */
  readonly alwaysOn?: readonly string[];
  /** Only these profiles, each under an alias; one profile may stand under several. */
  readonly profiles?: readonly { readonly id: string; readonly alias: string; readonly note?: string }[];
}

export type AttachReply =
  | { readonly nucleus: 1; readonly version: string; readonly pid: number; readonly notes: readonly string[] }
  | {
      readonly nucleus: 1;
      readonly version: string;
      readonly error: { readonly code: string; readonly message: string };
    };

/** What `run/endpoint.json` says about the gateway that holds the lock. */
export interface Endpoint {
  readonly pid: number;
  readonly version: string;
  readonly socket: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
}

/**
 * Before a client's key where it names who calls: any program may say any key, so it must not be taken for the name of
 * a client with a token.
 */
export const keyMark = 'key:';

/**
 * The notification a shim sends when its client closed stdin: what was asked is still answered, then the gateway ends
 * the connection. A connection that just ends cancels what was asked.
 */
export const finishMethod = 'notifications/nucleus/finish';

/** Longest attach line either side reads, in bytes. */
export const maxAttachBytes = 65_536;

/** A command line that is handed to the gateway's process: what it could have read from a process of its own. */
export interface HandedCommand {
  /** Behind the program's own name. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Whether stdin, stdout and stderr are terminals. */
  readonly tty: readonly [boolean, boolean, boolean];
  /** How wide the terminal is; null without one. */
  readonly columns: number | null;
  /** Path of the controlling terminal; null without one. */
  readonly terminal: string | null;
}
