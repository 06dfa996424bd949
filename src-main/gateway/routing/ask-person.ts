import type { Approvals, Question, Verdict } from '../policy/approvals.ts';
import type { NewOld } from '../wire/eras/new-old.ts';
import { isObject, type Params } from '../wire/frame.ts';
import { hasCapability, type Peer } from '../wire/peer.ts';
import { readReply, type Reply } from '../wire/reply.ts';
import { askAgain, askToAllow } from './ask-client.ts';
import type { Call } from './dispatch.ts';
import type { Patience } from './patience.ts';

/** What a person said, and what the call goes on with; or what its client is answered, to come again. */
export type Asked = { readonly verdict: Verdict; readonly params: Params } | { readonly reply: Reply };

/** Waits for a person. A client of the modern era that can be asked is told by an answer, and comes again. */
export async function askPerson(
  call: Call,
  question: Question,
  deps: {
    readonly approvals: Pick<Approvals, 'wait'>;
    readonly patience: Pick<Patience, 'of'>;
    readonly newOld: Pick<NewOld, 'carry'>;
  },
): Promise<Asked> {
  const { peer, signal, params, method, principal } = call;
  // The command line has a person before it, who waits as long as they like.
  const parkAfter = call.via === 'cli' ? undefined : deps.patience.of(call.client);
  const isAskable = peer !== undefined && hasCapability(peer.capabilities, ['elicitation']);
  const wait = (asked: Peer | undefined, ending: AbortSignal | undefined): Promise<Verdict> =>
    deps.approvals.wait(question, {
      signal: ending,
      ...(parkAfter !== undefined && { parkAfter }),
      ...(isAskable &&
        asked &&
        question.via.includes('client') && {
          askClient: (over: AbortSignal) => askToAllow(asked, question, over),
        }),
    });
  const { requestState: _state, inputResponses: _responses, ...fresh } = params;
  // What was said to an earlier answer was not shown to the person, and would go along.
  const allowing = peer?.era === 'modern' ? fresh : params;
  if (!isAskable || peer.era === 'legacy') return { verdict: await wait(peer, signal), params: allowing };
  const reply = await deps.newOld.carry({
    method,
    params,
    principal,
    profile: question.profile,
    peer,
    signal,
    async start(_params, asked, ending) {
      let verdict: Verdict;
      do verdict = await wait(asked, ending);
      while (verdict.kind === 'parked' && (await askAgain(asked, question, ending)));
      return { kind: 'made', body: { result: { [verdictMember]: verdict } } };
    },
  });
  const carried = readReply(reply).result?.[verdictMember];
  if (!isObject(carried)) return { reply };
  return { verdict: carried as unknown as Verdict, params: allowing };
}

/** Where the outcome of a wait travels through what carries answers to a client. */
const verdictMember = 'dev.nucleus/verdict';
