import { NucleusError } from '../../../src-shared/errors.ts';
import type { Config } from '../../../src-shared/config.ts';
import type { Call } from '../routing/dispatch.ts';
import { discovery } from '../routing/greeting.ts';
import type { ExposedDispatch } from '../routing/exposed-dispatch.ts';
import { addressOf, routeOf } from '../routing/requests.ts';
import type { Tasks } from '../routing/tasks.ts';
import type { View } from '../routing/view.ts';
import type { DefinitionKind } from '../storage/catalog-store.ts';
import { paramFault, type Envelope, type Headers, type RequestFrame } from '../wire/classify.ts';
import { uncachedMembers } from '../wire/eras/stamp.ts';
import { encode, errorObject, isObject, tryEncode, type Params } from '../wire/frame.ts';
import { isAtLeast } from '../wire/log-level.ts';
import { encodeReply, readReply, replyOutcome, type Reply } from '../wire/reply.ts';
import { declaredHeaders } from './declared-headers.ts';
import { askableOf, cannotAsk } from './peer-of.ts';
import { progressOf } from './progress.ts';
import type { Caller, Message } from './session.ts';
import type { Listens } from './listens.ts';
import { tooLarge } from './too-large.ts';

/** Where one request is answered. */
export interface ModernIo {
  /** The one answer; the status counts over HTTP, where nothing was sent before it. */
  answer(message: Message, status: number): void;
  /** A notification that goes before the answer; false when it cannot be heard. */
  notify(message: Message): boolean;
}

/** One request of the modern era, which says by itself all there is to know of it. */
export interface ModernRequest {
  readonly frame: RequestFrame;
  readonly envelope: Envelope;
  /** Null where the transport has none. */
  readonly headers: Headers | null;
  readonly caller: Caller;
  readonly view: () => View;
  /** The same for all requests of one client, as far as that can be told. */
  readonly client: object;
  readonly io: ModernIo;
}

/** A request being answered. */
export interface Answering {
  /** Resolves when the answer was given, or nobody waits for it any more. */
  readonly done: Promise<void>;
  /** Nobody waits for the answer. */
  cancel(): void;
  /** Ends it if it would not end by itself. */
  finish(): void;
}

export type AnswerModern = (request: ModernRequest) => Answering;

export interface ModernDeps {
  readonly limits: Pick<Config['client'], 'max_message_mib'>;
  readonly version: string;
  readonly exposedDispatch: ExposedDispatch;
  readonly listens: Listens;
  readonly tasks: Tasks;
  settle(view: View): Promise<void>;
}

const lists: Readonly<Record<string, DefinitionKind>> = {
  'tools/list': 'tool',
  'prompts/list': 'prompt',
  'resources/list': 'resource',
  'resources/templates/list': 'template',
};

/** What the modern era has no more, or never had as a request of a client. */
const gone = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
  'roots/list',
  'sampling/createMessage',
  'elicitation/create',
]);

/** Answers requests of the modern era, each on its own: nothing is kept between two of them. */
export function createModern(deps: ModernDeps): AnswerModern {
  return (request) => {
    const { frame, io, view } = request;
    const { id, method } = frame;
    const params = frame.params ?? {};
    const controller = new AbortController();

    function answer(body: { result: unknown } | { error: unknown }, status = 200): void {
      if (!controller.signal.aborted) io.answer([encode({ id, ...body })], status);
    }

    function fail(thrown: unknown): void {
      const error = asModern(errorObject(thrown), method, params);
      answer({ error }, statusOf(error.code));
    }

    /** A result whose members are there as text. */
    function answerText(members: string): void {
      if (!controller.signal.aborted)
        io.answer([`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{`, members, '}}'], 200);
    }

    async function run(): Promise<void> {
      if (gone.has(method)) throw unknownMethod(method);
      if (method === 'server/discover' || Object.hasOwn(lists, method)) {
        if (view().missing().length > 0) await deps.settle(view());
        if (method === 'server/discover') return answer({ result: discovery(view(), deps.version) });
        const page = view().page(lists[method] as DefinitionKind, params['cursor'], 'modern');
        return answerText(`${uncachedMembers},${page.slice(1, -1)}`);
      }
      await call();
    }

    async function call(): Promise<void> {
      const { caller, client, envelope, headers } = request;
      const tasks = deps.tasks.of(caller.principal, 'modern');
      const addressed = addressOf(view, method, params, tasks);
      if (!addressed) throw unknownMethod(method);
      const route = addressed.look() ?? (await routeOf(addressed, view, deps.settle));
      if (addressed.kind === 'tool' && headers) {
        const fault = paramFault(headers, declaredHeaders(view(), addressed.name), params['arguments']);
        if (fault) throw fault;
      }
      const { logLevel } = envelope;
      const onAir = (what: string, about: Params | undefined): void => {
        const line = tryEncode({ method: what, ...(about && { params: about }) });
        if (line !== null && !controller.signal.aborted) io.notify([line]);
      };
      const whole: Call = {
        kind: addressed.kind,
        method,
        route,
        params: addressed.params,
        via: 'direct',
        principal: caller.principal,
        client: nameOf(envelope),
        signal: controller.signal,
        onProgress: progressOf(params, (progress) => onAir('notifications/progress', progress)),
        peer: {
          client,
          era: 'modern',
          capabilities: askableOf(view(), envelope.capabilities),
          ask: ({ method: asked }) => Promise.resolve(cannotAsk(nameOf(envelope), asked)),
          tell(what, about) {
            const isLog = what === 'notifications/message';
            if (!isLog || (logLevel && isAtLeast(about?.['level'], logLevel))) onAir(what, about);
          },
        },
      };
      deliver(await deps.exposedDispatch(view, tasks)(whole), whole);
    }

    function deliver(reply: Reply, { kind, route }: Call): void {
      const large = tooLarge(reply, kind, route.binding.profile, deps.limits.max_message_mib);
      if (large) return 'error' in large ? answer(large) : answer(withType(large.result));
      if (replyOutcome(reply) === 'error') {
        const error = readReply(reply).error ?? {};
        const code = error['code'];
        const known = asModern({ ...error, code: typeof code === 'number' ? code : 0 }, method, params);
        if (known.code !== code) return answer({ error: known });
        if (!controller.signal.aborted) io.answer(encodeReply(reply, id), statusOf(known.code));
        return;
      }
      if (reply.kind === 'made') return answer(withType(readReply(reply).result));
      if (!controller.signal.aborted) io.answer(encodeReply(reply, id), 200);
    }

    if (method === 'subscriptions/listen') return deps.listens.open(request, fail);
    return {
      done: run().catch(fail),
      cancel: () => controller.abort(),
      finish: () => {},
    };
  };
}

/** A result of ours that does not say what it is, is complete. */
function withType(result: unknown): { result: unknown } {
  if (!isObject(result) || 'resultType' in result) return { result };
  return { result: { resultType: 'complete', ...result } };
}

/** How the audit log calls a client that named itself in its request. */
export function nameOf({ clientInfo }: Envelope): string {
  const { name } = clientInfo;
  return typeof name === 'string' ? name.slice(0, 100) : 'unknown';
}

interface RpcError {
  readonly code: number;
  readonly data?: unknown;
}

/** What is not there has another code than in the legacy era (MCP 2026-07-28, server/resources, "Error Handling"). */
function asModern<T extends RpcError>(error: T, method: string, params: Params): T {
  if (error.code !== -32002 || method !== 'resources/read') return error;
  const data = isObject(error.data) ? error.data : {};
  return { ...error, code: -32602, data: { ...data, uri: params['uri'] } };
}

/** Few errors show in the status (basic/transports/streamable-http); of the others the body tells. */
function statusOf(code: number): number {
  if (code === -32601) return 404;
  return code <= -32020 && code >= -32022 ? 400 : 200;
}

function unknownMethod(method: string): NucleusError {
  return new NucleusError(
    'METHOD_UNKNOWN',
    `MCP 2026-07-28 has no method ${method}, or Nucleus does not know it`,
  );
}
