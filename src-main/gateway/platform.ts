import type { Readable, Writable } from 'node:stream';

/** Time as a dependency, so that tests turn the hands themselves. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Calls once after `milliseconds`; the returned function forgets it. Never keeps a process alive. */
  after(milliseconds: number, act: () => void): () => void;
}

/** Human-readable log: one `level message key=value` line per event, never a secret. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** A running child as the gateway sees it; node's ChildProcess fits. */
export interface Child {
  readonly pid?: number | undefined;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  on(event: 'spawn', listener: () => void): unknown;
  on(event: 'exit', listener: (code: number | null, signal: NodeJS.Signals | null) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Signals it and all it started, where it is not the leader of a process group of its own. */
  signalAll?(signal: NodeJS.Signals): void;
}

/** The operating system's keychain as `keytar` offers it. */
export interface Keychain {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
  deletePassword(service: string, account: string): Promise<boolean>;
}

/** What differs between the desktop app and plain Node. */
export interface Platform {
  readonly clock: Clock;
  readonly log: Log;
  /** The gateway's own environment (design.md decision 4), not its starter's. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Starts one of our own servers in resources/servers, in its own process group where the system has them. */
  spawnBuiltin(
    server: string,
    options: { args: readonly string[]; env: Readonly<Record<string, string>>; cwd: string },
  ): Child;
  /** Shows a page in the system's browser, through no shell; rejects where there is none. Called with http and https only. */
  openBrowser(url: URL): Promise<void>;
  /**
   * Lets a person sign in in a window of our own, with the cookies of that profile alone, and answers with the redirect
   * URI as it was called, query included, or says that the person wants to go on in their browser. Missing where there
   * are no windows.
   */
  openSignIn?(options: {
    readonly profile: string;
    readonly url: URL;
    readonly redirectUri: string;
    /** Whether the same page can be opened in the browser instead. */
    readonly mayUseBrowser: boolean;
    readonly signal: AbortSignal;
  }): Promise<URL | 'browser'>;
  /** Forgets what that window's pages stored for a profile. */
  forgetSignIn?(profile: string): Promise<void>;
  /**
   * Asks the system for a proof that a person is there: a password, a finger. Missing where it offers none. `sentence`
   * goes on with "wants to …", and is shown where the system shows what programs say.
   */
  provePerson?(sentence: string, signal: AbortSignal): Promise<boolean>;
  /** Imports the keychain library; rejects where it cannot load. Called on first need only. */
  loadKeychain(): Promise<Keychain>;
}
