import { NucleusError } from '../../../../src-shared/errors.ts';
import { errorObject, isObject, type Params } from '../frame.ts';
import type { Peer, PeerAnswer, PeerRequest } from '../peer.ts';
import type { Reply } from '../reply.ts';

/** A request of the client that waits for what its call comes to. */
export interface Caller {
  readonly peer: Peer;
  readonly onProgress: ((params: Params) => void) | undefined;
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

export interface Running {
  readonly id: string;
  readonly principal: string;
  readonly profile: string;
  readonly binding: () => string;
  /** Ends the call of the upstream. */
  readonly ending: AbortController;
  readonly questions: Map<string, { request: PeerRequest; settle: (answer: PeerAnswer) => void }>;
  /** What the client would have to be capable of for the questions that were declined. */
  readonly lacking: (readonly string[])[];
  caller: Caller | null;
  capabilities: Params;
  asked: number;
  round: number;
  outcome: (() => Reply) | null;
  forgetTimer: () => void;
}

/** What a call is, and for whom. */
interface Bound {
  readonly method: string;
  readonly params: Params;
  readonly principal: string;
  readonly profile: string;
}

/** Another client, another account or another request cannot continue a call. */
export function bindingFor({ principal, profile, method, params }: Bound): string {
  const { inputResponses: _responses, requestState: _state, _meta, ...own } = params;
  try {
    return JSON.stringify([principal, profile, method, own], sorted);
  } catch (error) {
    throw new NucleusError(
      'ARGUMENTS_INVALID',
      `the parameters for ${profile} are nested too deeply to ask back about them; flatten them`,
      { profile },
      { cause: error },
    );
  }
}

/** The order of members means nothing in JSON. */
function sorted(_key: string, value: unknown): unknown {
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value;
}

/** All it asked was declined, as its client cannot be asked such things. */
export function isStuck({ lacking, asked }: Running): boolean {
  return lacking.length > 0 && asked === 0;
}

/** A server that waits for a person takes it as a no. */
export function declined(method: string): PeerAnswer {
  if (method === 'elicitation/create') return { result: { action: 'decline' } };
  return {
    error: errorObject(
      new NucleusError('CLIENT_CANNOT', `the client of this call was not asked ${method}, or did not answer`),
    ),
  };
}

export function capabilityMissing({ profile, lacking }: Running): NucleusError {
  const requiredCapabilities: Record<string, Params> = {};
  for (const [name = '', part] of lacking)
    requiredCapabilities[name] = { ...requiredCapabilities[name], ...(part !== undefined && { [part]: {} }) };
  const names = Object.keys(requiredCapabilities).join(', ');
  return new NucleusError(
    'CAPABILITY_MISSING',
    `${profile} asks for what this client did not declare it can do (${names}); use a client that can`,
    { profile, requiredCapabilities },
  );
}

export function invalidState(profile: string, why: string): NucleusError {
  return new NucleusError(
    'REQUEST_STATE_INVALID',
    `${why}; call ${profile} again without requestState and inputResponses`,
    { profile },
  );
}
