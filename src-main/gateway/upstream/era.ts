import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { Clock } from '../platform.ts';
import { withEnvelope } from '../wire/envelope.ts';
import { isObject, type Params } from '../wire/frame.ts';
import { metaKeys, modernErrors, modernRevision } from '../wire/modern.ts';
import type { Era } from '../wire/peer.ts';
import { readExactly } from '../wire/reply.ts';
import type { Connection } from './connection.ts';
import type { Transport } from './transport.ts';

/** A server that says nothing to a request it does not know is greeted in the older way after this long. */
const probeMs = { stdio: 2_000, http: 10_000 } as const;

/** What an upstream said about itself when it was greeted, raw, in the shape of an answer to initialize. */
export interface Greeting {
  readonly result: Params;
  readonly era: Era;
  /** Reached over HTTP. */
  readonly isHttp: boolean;
}

export type Greeted =
  /** `isFound`: it was asked in both ways, or in the newer one and took it. */
  | { readonly kind: 'greeted'; readonly greeting: Greeting; readonly isFound: boolean }
  /** It ended over a request it did not know, as some do. */
  | { readonly kind: 'died' };

/** What came of greeting a server in one of the two ways. */
type Attempt =
  | { readonly kind: 'taken'; readonly result: Params }
  /** It does not speak so; `isEvidence` where its words say it, and not a failing server. */
  | {
      readonly kind: 'refused';
      readonly isEvidence: boolean;
      readonly problem: NucleusError;
      /** It names the very revision it was asked in as one it speaks. */
      readonly isWorthRepeating?: boolean;
    };

/**
 * Greets a server in the era it speaks (MCP 2026-07-28, basic/versioning, "Backward Compatibility"): with
 * server/discover, and with initialize where that is not known to it, on the same connection. Throws startErrors.
 */
export async function greet(options: {
  readonly profile: string;
  readonly connection: Pick<Connection, 'request' | 'notify'>;
  readonly transport: Pick<Transport, 'isHttp' | 'onlyEra' | 'speak'>;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly clientInfo: Params;
  readonly recalled: Era | null;
}): Promise<Greeted> {
  const { profile, connection, transport, timeoutMs } = options;
  const isHttp = transport.isHttp === true;
  const wait = probeMs[isHttp ? 'http' : 'stdio'];
  const ending = new AbortController();

  async function attempt(method: 'initialize' | 'server/discover', params: Params): Promise<Attempt> {
    const reply = await connection.request(method, params, { timeoutMs, signal: ending.signal });
    const { result, error } = readExactly(reply);
    return method === 'initialize' ? initialized(profile, result, error) : discovered(profile, result, error);
  }
  const initialize = (): Promise<Attempt> => {
    transport.speak?.('legacy');
    return attempt('initialize', initializeParams(options.clientInfo));
  };
  const discover = (): Promise<Attempt> => {
    transport.speak?.('modern');
    const ask = (): Promise<Attempt> =>
      attempt('server/discover', withEnvelope({}, options.clientInfo, undefined));
    return ask()
      .then((first) => (first.kind === 'refused' && first.isWorthRepeating ? ask() : first))
      .catch((thrown) => {
        const problem = toNucleusError(thrown);
        if (!saysNothing(problem)) throw problem;
        return { kind: 'refused', isEvidence: isTurnedDown(problem), problem };
      });
  };
  const legacy = (result: Params, isFound: boolean): Greeted => {
    connection.notify('notifications/initialized');
    return { kind: 'greeted', greeting: { result, era: 'legacy', isHttp }, isFound };
  };
  const modern = (result: Params): Greeted => ({
    kind: 'greeted',
    greeting: { result, era: 'modern', isHttp },
    isFound: true,
  });

  async function asRecalled(): Promise<Greeted> {
    const first = await initialize().catch((thrown): Attempt => {
      const problem = toNucleusError(thrown);
      if (transport.onlyEra || !isTurnedDown(problem)) throw problem;
      return { kind: 'refused', isEvidence: true, problem };
    });
    if (first.kind === 'taken') return legacy(first.result, false);
    // It may have been updated since it was asked.
    const isWorthAsking = first.isEvidence && !transport.onlyEra;
    const second = isWorthAsking ? await within(options.clock, wait, discover()).catch(() => null) : null;
    if (second?.kind === 'taken') return modern(second.result);
    throw first.problem;
  }

  async function findOut(): Promise<Greeted> {
    let known: Attempt | null = null;
    const probe = discover().then((came) => (known = came));
    // Where it was taken before there is an answer to wait for.
    const first = await (options.recalled === 'modern' ? probe : within(options.clock, wait, probe));
    if (first?.kind === 'taken') return modern(first.result);
    const second = await initialize();
    // A server that is slow to start answers both, one after the other.
    const isLost = isHttp || second.kind === 'taken';
    const late = (known as Attempt | null) ?? (isLost ? null : await within(options.clock, wait, probe));
    if (second.kind === 'taken')
      return legacy(second.result, late?.kind === 'refused' ? late.isEvidence : !isHttp);
    if (late?.kind === 'taken') return modern(late.result);
    throw late?.problem.data['revisions'] ? late.problem : second.problem;
  }

  try {
    return await (transport.onlyEra || options.recalled === 'legacy' ? asRecalled() : findOut());
  } catch (thrown) {
    const error = toNucleusError(thrown);
    const isProbed = !transport.onlyEra && options.recalled !== 'legacy';
    if (isProbed && !isHttp && error.code === 'UPSTREAM_EXITED') return { kind: 'died' };
    throw error;
  } finally {
    // A probe nobody answered.
    ending.abort();
  }
}

/** What came of work in some milliseconds; null when it goes on. */
async function within<T>(clock: Clock, milliseconds: number, work: Promise<T>): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const forget = clock.after(milliseconds, () => resolve(null));
  // What comes of it later is looked at, or nobody's concern.
  work.catch(() => {});
  return Promise.race([work, promise]).finally(forget);
}

/** A failure after which the older greeting may still be taken: an answer, though none of a server that knows the newer one. */
function saysNothing(problem: NucleusError): boolean {
  return problem.code === 'UPSTREAM_PROTOCOL' || problem.code === 'UPSTREAM_TIMEOUT';
}

/** Turned down as a server does that does not know what it was asked; one that fails says nothing of what it speaks. */
function isTurnedDown({ code, data }: NucleusError): boolean {
  const status = data['status'];
  return code === 'UPSTREAM_PROTOCOL' && typeof status === 'number' && status >= 400 && status < 500;
}

function initialized(profile: string, result: Params | undefined, error: Params | undefined): Attempt {
  if (!error && isObject(result) && typeof result['protocolVersion'] === 'string')
    return { kind: 'taken', result };
  const detail = error ? `: ${String(error['message']).slice(0, 300)}` : '';
  return {
    kind: 'refused',
    isEvidence: error !== undefined,
    problem: new NucleusError(
      'UPSTREAM_PROTOCOL',
      `the server of ${profile} did not answer initialize as an MCP server does${detail}; check its command with nucleus info ${profile}`,
      { profile },
    ),
  };
}

function discovered(profile: string, result: Params | undefined, error: Params | undefined): Attempt {
  const versions = versionsOf(result, error);
  if (!error && versions?.includes(modernRevision) && isObject(result))
    return { kind: 'taken', result: greetingOf(profile, result) };
  const problem = new NucleusError(
    'UPSTREAM_PROTOCOL',
    `the server of ${profile} speaks only revisions of MCP that Nucleus does not (${(versions ?? []).join(', ').slice(0, 200)}); update Nucleus`,
    { profile, ...(versions?.length && { revisions: versions }) },
  );
  const isWorthRepeating = error !== undefined && versions?.includes(modernRevision) === true;
  return { kind: 'refused', isEvidence: true, problem, isWorthRepeating };
}

/** The revisions a server says it speaks, whether it took the request or names them in turning it down. */
function versionsOf(result: Params | undefined, error: Params | undefined): readonly string[] | null {
  const data = error?.['data'];
  if (error && (error['code'] !== modernErrors.unsupportedVersion || !isObject(data))) return null;
  const found = error ? (data as Params)['supported'] : result?.['supportedVersions'];
  return Array.isArray(found) ? found.filter((version) => typeof version === 'string') : null;
}

/** An answer to server/discover as one to initialize would say the same. */
function greetingOf(profile: string, result: Params): Params {
  const meta = isObject(result['_meta']) ? result['_meta'] : {};
  const serverInfo = [meta[metaKeys.serverInfo], result['serverInfo']].find(isObject);
  return {
    ...result,
    protocolVersion: modernRevision,
    capabilities: isObject(result['capabilities']) ? result['capabilities'] : {},
    serverInfo: serverInfo ?? { name: profile, version: '' },
  };
}

const lastLegacy = '2025-11-25';

function initializeParams(clientInfo: Params): Params {
  return {
    protocolVersion: lastLegacy,
    // All that can be passed on; a client that cannot be asked something is answered for.
    capabilities: { roots: {}, sampling: {}, elicitation: { form: {}, url: {} } },
    clientInfo,
  };
}
