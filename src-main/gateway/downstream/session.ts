import { finishMethod } from '../../../src-shared/attach.ts';
import type { Config } from '../../../src-shared/config.ts';
import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { Clock, Log } from '../platform.ts';
import type { Call, Dispatch } from '../routing/dispatch.ts';
import type { ExposedDispatch } from '../routing/exposed-dispatch.ts';
import { greeting } from '../routing/greeting.ts';
import type { Binding, Route } from '../routing/route.ts';
import type { Subscriptions } from '../routing/subscriptions.ts';
import { addressOf, routeOf } from '../routing/requests.ts';
import type { Tasks } from '../routing/tasks.ts';
import type { View } from '../routing/view.ts';
import type { GrantedView } from '../routing/views.ts';
import type { DefinitionKind } from '../storage/catalog-store.ts';
import { takenBack } from '../wire/cancelled.ts';
import {
  encode,
  errorObject,
  isObject,
  parseFrame,
  tryEncode,
  type Frame,
  type Id,
  type Params,
} from '../wire/frame.ts';
import { isAtLeast, isLogLevel, type LogLevel } from '../wire/log-level.ts';
import { encodeReply, findRequestId, replyOutcome, type Reply } from '../wire/reply.ts';
import { createAsking } from './asking.ts';
import { createFirstRoot } from './first-root.ts';
import { createListNews, type ListChanges } from './list-news.ts';
import type { AnswerModern } from './modern.ts';
import { askableOf } from './peer-of.ts';
import { progressOf } from './progress.ts';
import { createSessionModern } from './session-modern.ts';
import { listTasks } from './task-list.ts';
import { tooLarge } from './too-large.ts';

/** The revisions of the legacy era we speak, newest first. */
const revisions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'] as const;

/** One message in pieces, without its newline. */
export type Message = readonly (string | Uint8Array)[];

/** Where a session writes to; the front (socket, stdio, HTTP) supplies it. */
export interface SessionIo {
  /** The one answer to a request; id null: to a message whose id could not be read. */
  answer(id: Id | null, message: Message): void;
  /** A notification or a request of ours, about a request under way or about none; false when it cannot be heard. */
  notify(message: Message, about?: Id): boolean;
  /** The client cannot answer a request of ours: there is no session it could answer in. */
  readonly isOneWay?: boolean;
  /** A request that gets no answer, because its client took it back; for a front that holds something open for it. */
  withdraw?(id: Id): void;
  end(): void;
  /** Bytes written that the client has not read. */
  backlog(): number;
}

/** Who opens a session. */
export interface Caller {
  /** The client's token on HTTP, on the socket `key:` and its key, else `local`. */
  readonly principal: string;
  /** All the caller may see, whatever it asks for; undefined for everything. */
  readonly granted?: GrantedView | undefined;
}

/** One MCP client connection of the legacy era. */
export interface Session {
  /** One message line, without its newline. */
  receive(line: Buffer): void;
  /** One message, for a front that had to look into it first. */
  take(frame: Frame): void;
  /** Tells the client which of its lists changed; profiles outside its view are none of its business. */
  listsChanged(changes: ListChanges): void;
  /** Passes on what an upstream says that belongs to no call. */
  hear(profile: string, method: string, params: Params | undefined): void;
  /** A message too long to be read, by both its ends. */
  overflow(head: Buffer, tail: Buffer, length: number): void;
  readonly client: { name: string; version: string; principal: string; connectedAt: number };
  /** What the client's person is told on stderr: which profiles this session sees. */
  notes(): readonly string[];
  /** The client sends no more: ends the session when everything asked was answered. */
  finish(): void;
  /** Ends the session; calls in flight are cancelled. */
  close(): void;
}

export interface SessionDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Config['client'];
  readonly version: string;
  readonly dispatch: Dispatch;
  readonly exposedDispatch: ExposedDispatch;
  /** Waits a while until the profiles of the view that were never listed are; used by the first lists. */
  settle(view: View): Promise<void>;
  readonly subscriptions: Subscriptions;
  readonly tasks: Tasks;
  /** A client wants log messages of these profiles from a level on; null: it is gone. */
  setLevel(client: object, profiles: readonly string[], level: LogLevel | null): Promise<void>;
  /** Answers what comes with an envelope of the modern era: each request by itself, whatever else the session is. */
  answerModern: AnswerModern;
  /** The client said who it is, which it does some time after it came. */
  onNamed(): void;
}

/** Serves one client: answers what is the gateway's to answer, sends the rest down the one road. */
export function createSession(
  deps: SessionDeps,
  io: SessionIo,
  caller: Caller,
  view: () => View,
  /** The first folder a client names when it says that its folders changed; null when it names none. */
  onFolder?: (folder: string | null) => void,
): Session {
  const client = {
    name: 'unknown',
    version: '',
    principal: caller.principal,
    connectedAt: deps.clock.now(),
  };
  const open = new Map<Id, AbortController>();
  const tasks = deps.tasks.of(caller.principal, 'legacy');
  const dispatch = deps.exposedDispatch(view, tasks);
  /** What is news to the client; null before it opened the session. */
  let news: ReturnType<typeof createListNews> | null = null;
  let closed = false;
  let finishing = false;
  /** Requests being worked on; lists wait too. */
  let working = 0;
  /** What the client declared it can be asked. */
  let capabilities: Params = {};
  /** The least severe log message the client wants; null for whatever comes. */
  let level: LogLevel | null = null;
  const asking = createAsking({
    client,
    send: (message, about) => io.isOneWay !== true && notify(message, about),
  });

  const roots =
    onFolder &&
    createFirstRoot({
      clock: deps.clock,
      ask: (request) => asking.ask(request, capabilities),
      onFolder,
    });

  const modern = createSessionModern({
    answerModern: deps.answerModern,
    client,
    named,
    caller,
    view,
    write,
    notify(message, about) {
      if (closed) return false;
      const isHeard = io.notify(message, about);
      checkBacklog();
      return isHeard;
    },
    work,
  });

  function named(name: string): void {
    client.name = name;
    deps.onNamed();
  }

  function write(id: Id | null, message: Message): void {
    if (closed) return;
    io.answer(id, message);
    checkBacklog();
  }

  /** Whether somebody will hear it. */
  function notify(message: object, about?: Id): boolean {
    if (closed) return false;
    // What an upstream or the client nested too deeply is the loss of whoever did; nobody here would catch it.
    const line = tryEncode(message);
    if (line === null) return false;
    const isHeard = io.notify([line], about);
    checkBacklog();
    return isHeard;
  }

  function checkBacklog(): void {
    if (io.backlog() <= deps.limits.max_backlog_mib) return;
    deps.log.warn('client reads too slowly and is disconnected', { client: client.name });
    close();
  }

  function answer(id: Id | null, body: { result: unknown } | { error: unknown }): void {
    write(id, [encode({ id, ...body })]);
  }

  function deliver(id: Id, reply: Reply, { kind, route }: Call): void {
    const large = tooLarge(reply, kind, route.binding.profile, deps.limits.max_message_mib);
    if (large) answer(id, large);
    else write(id, encodeReply(reply, id));
  }

  function work(task: Promise<void>): void {
    working += 1;
    void task.finally(() => {
      working -= 1;
      if (finishing && working === 0) close();
    });
  }

  async function run(id: Id, method: string, params: Params): Promise<void> {
    const controller = new AbortController();
    open.set(id, controller);
    try {
      const addressed = addressOf(view, method, params, tasks);
      if (!addressed) throw new NucleusError('METHOD_UNKNOWN', `Nucleus does not know the method ${method}`);
      const route = addressed.look() ?? (await routeOf(addressed, view, deps.settle));
      const call: Call = {
        kind: addressed.kind,
        method,
        route,
        params: addressed.params,
        via: 'direct',
        principal: client.principal,
        client: client.name,
        signal: controller.signal,
        onProgress: progressOf(params, (progress) =>
          notify({ method: 'notifications/progress', params: progress }, id),
        ),
        peer: {
          client,
          era: 'legacy',
          capabilities: askableOf(view(), capabilities),
          // One that set none hears what servers think right; servers of the modern era have to be asked.
          logLevel: level ?? 'info',
          ask: (asked) => asking.ask(asked, capabilities, id),
          tell,
        },
      };
      const isLast = method !== 'resources/unsubscribe' || forget(route);
      const reply: Reply = isLast ? await dispatch(call) : { kind: 'made', body: { result: {} } };
      if (method === 'resources/subscribe' && replyOutcome(reply) === 'ok') remember(route, addressed.name);
      // A cancelled request gets no answer (MCP 2025-11-25, basic/utilities/cancellation).
      if (controller.signal.aborted) return;
      deliver(id, reply, call);
    } catch (error) {
      if (!controller.signal.aborted) answer(id, { error: errorObject(error) });
    } finally {
      open.delete(id);
      if (controller.signal.aborted && !closed) io.withdraw?.(id);
    }

    function tell(what: string, about: Params | undefined): void {
      if (isWanted(what, about)) notify({ method: what, ...(about && { params: about }) }, id);
    }
  }

  function remember({ binding, name }: Route, exposed: string): void {
    if (deps.subscriptions.add(client, binding.profile, name, exposed) !== 'full') return;
    throw new NucleusError(
      'ARGUMENTS_INVALID',
      'this client is subscribed to too many resources; unsubscribe some',
    );
  }

  function forget({ binding, name }: Route): boolean {
    return deps.subscriptions.remove(client, binding.profile, name);
  }

  /** A log message below the level the client set is none of its interest. */
  function isWanted(method: string, params: Params | undefined): boolean {
    return method !== 'notifications/message' || level === null || isAtLeast(params?.['level'], level);
  }

  async function list(id: Id, kind: DefinitionKind, params: Params | undefined): Promise<void> {
    try {
      if (view().missing().length > 0) await deps.settle(view());
      const result = view().page(kind, params?.['cursor'], 'legacy');
      write(id, [`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`, result, '}']);
    } catch (error) {
      answer(id, { error: errorObject(error) });
    }
  }

  async function showTasks(id: Id, params: Params | undefined): Promise<void> {
    try {
      const caller = { principal: client.principal, client: client.name };
      answer(id, { result: await listTasks(deps, tasks, view(), params?.['cursor'], caller) });
    } catch (error) {
      answer(id, { error: errorObject(error) });
    }
  }

  function initialize(id: Id, params: Params | undefined): void {
    const info = params?.['clientInfo'];
    if (isObject(info)) {
      if (typeof info['version'] === 'string') client.version = info['version'].slice(0, 50);
      if (typeof info['name'] === 'string') named(info['name'].slice(0, 100));
    }
    if (isObject(params?.['capabilities'])) capabilities = params['capabilities'];
    const asked = params?.['protocolVersion'];
    const protocolVersion = revisions.find((revision) => revision === asked) ?? revisions[0];
    news = createListNews(view);
    const greet = (): void => answer(id, { result: { ...greeting(view(), deps.version), protocolVersion } });
    // What an upstream says of itself is known once it was reached; the gateway knows itself at any time.
    if (view().isTransparent && view().missing().length > 0) work(deps.settle(view()).then(greet));
    else greet();
  }

  async function setLevel(id: Id, params: Params | undefined): Promise<void> {
    const asked = params?.['level'];
    if (!isLogLevel(asked))
      return answer(id, {
        error: errorObject(new NucleusError('ARGUMENTS_INVALID', 'level must be one that MCP knows')),
      });
    level = asked;
    const profiles = view().bindings.map(({ profile }) => profile);
    await deps.setLevel(client, profiles, asked);
    answer(id, { result: {} });
  }

  const requests: Readonly<Record<string, (id: Id, params: Params | undefined) => void>> = {
    initialize,
    ping: (id) => answer(id, { result: {} }),
    'logging/setLevel': (id, params) => work(setLevel(id, params)),
    'tools/list': (id, params) => work(list(id, 'tool', params)),
    'prompts/list': (id, params) => work(list(id, 'prompt', params)),
    'resources/list': (id, params) => work(list(id, 'resource', params)),
    'resources/templates/list': (id, params) => work(list(id, 'template', params)),
    'tasks/list': (id, params) =>
      work(view().isTransparent ? run(id, 'tasks/list', params ?? {}) : showTasks(id, params)),
  };

  function close(): void {
    if (closed) return;
    closed = true;
    for (const controller of open.values()) controller.abort();
    modern.close();
    asking.close();
    if (level !== null) void deps.setLevel(client, [], null);
    deps.subscriptions.release(client);
    io.end();
  }

  function finish(): void {
    finishing = true;
    modern.finish();
    if (working === 0) close();
  }

  /**
   * What MCP does not know of is the upstream's to know, where the client sees one only. A request that comes without an
   * id is none of it: rules judge it by what it names, and an upstream might carry it out.
   */
  function passOn(method: string, params: Params | undefined): void {
    const isNews = method.startsWith('notifications/') && !ownNotifications.has(method);
    const route = view().isTransparent && isNews && view().find('tool', method);
    if (!route) return;
    const { principal, name } = client;
    const call = { kind: 'other', method, route, params: params ?? {}, via: 'direct', principal } as const;
    // Nobody waits for an answer, and the record has what came of it.
    deps.dispatch({ ...call, client: name, isNotification: true }).catch(() => {});
  }

  function take(frame: Frame): void {
    // What it still asks would run without anybody hearing the answer.
    if (closed) return;
    if (frame.kind === 'notification') {
      if (frame.method === finishMethod) return finish();
      if (frame.method === 'notifications/progress') return asking.progressed(frame.params ?? {});
      if (frame.method === 'notifications/roots/list_changed') return roots?.changed();
      if (frame.method !== 'notifications/cancelled') return passOn(frame.method, frame.params);
      const id = frame.params?.['requestId'];
      if (typeof id !== 'string' && typeof id !== 'number') return;
      open.get(id)?.abort(takenBack(frame.params));
      modern.cancel(id);
    } else if (frame.kind === 'request') {
      const handle = Object.hasOwn(requests, frame.method) ? requests[frame.method] : undefined;
      if (open.has(frame.id) || modern.has(frame.id))
        return answer(frame.id, { error: errorObject(idInUse(frame.id)) });
      if (modern.take(frame)) return;
      if (handle) return handle(frame.id, frame.params);
      work(run(frame.id, frame.method, frame.params ?? {}));
    } else if (frame.kind === 'response') {
      asking.answered(frame.id, frame.message);
    } else if (frame.kind === 'invalid') {
      answer(frame.id, { error: errorObject(invalidFrame(frame.reason)) });
    }
  }

  return {
    client,
    notes: () => view().bindings.slice(0, maxNotes).map(resolvedNote),
    finish,
    close,
    take,
    receive: (line) => take(parseFrame(line)),
    listsChanged(changes) {
      for (const method of news?.(changes) ?? []) notify({ method });
    },
    hear(profile, method, params) {
      if (!news || !view().bindings.some((binding) => binding.profile === profile)) return;
      const uri = params?.['uri'];
      if (method === 'notifications/resources/updated' && typeof uri === 'string')
        for (const name of deps.subscriptions.namesFor(client, profile, uri))
          notify({ method, params: { ...params, uri: name } });
      else if (method === 'notifications/tasks/status') {
        const about = view().isTransparent ? params : tasks.heard(profile, params);
        if (about) notify({ method, params: about });
      } else if (isWanted(method, params)) notify({ method, ...(params && { params }) });
    },
    overflow(head, tail, length) {
      const id = findRequestId(head, tail);
      const size = (length / 1024 / 1024).toFixed(1);
      deps.log.warn('client sent a message that is too long', { client: client.name, bytes: length });
      const error = new NucleusError(
        'ARGUMENTS_INVALID',
        `the message is ${size} MiB, more than upstream.max_frame_mib in config.toml lets through; send less`,
      );
      answer(id, { error: errorObject(error) });
    },
  };
}

const maxNotes = 50;

/** Of a client, and to the gateway: its session is not the upstream's, and roots are asked for anew each time. */
const ownNotifications = new Set(['notifications/initialized', 'notifications/roots/list_changed']);

/** The original's log line, kept for the scripts that read it. */
function resolvedNote({ connector, alias, profile }: Binding): string {
  return `resolved profile connector=${connector} alias=${alias} profile=${profile} source=all`;
}

/** A second request under the id of one that is open cannot be told from it. */
export function idInUse(id: Id): NucleusError {
  return new NucleusError('REQUEST_INVALID', `id ${id} is already in use`);
}

/** Why a message cannot be taken at all. */
export function invalidFrame(reason: 'json' | 'envelope' | 'batch'): NucleusError {
  if (reason === 'json') return new NucleusError('PARSE_FAILED', 'the message is not valid JSON');
  if (reason === 'batch')
    return new NucleusError(
      'REQUEST_INVALID',
      'batches are not part of this protocol; send one message at a time',
    );
  return new NucleusError(
    'REQUEST_INVALID',
    'the message is not a JSON-RPC 2.0 request, notification or response',
  );
}

/** For the fronts: any failure before a session exists, as the attach reply words it. */
export function attachError(thrown: unknown): { code: string; message: string } {
  const { code, message } = toNucleusError(thrown);
  return { code, message };
}
