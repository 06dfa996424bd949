import type { Question } from '../policy/approvals.ts';
import { isObject, type Params } from '../wire/frame.ts';
import type { Peer, PeerAnswer } from '../wire/peer.ts';

/* What a person is asked by the client they use, in a form of MCP (client/elicitation). */

/** More than this no client shows, and nobody may say yes to what is not shown whole. */
const maxShown = 4_000;

/** Asks for a yes: null where that cannot be, or the form was closed. */
export async function askToAllow(
  peer: Peer,
  { profile, env, tool, client, reason, arguments: args }: Question,
  signal: AbortSignal,
): Promise<boolean | null> {
  if (args.length > maxShown) return null;
  const where = env === null ? profile : `${profile} (${env})`;
  const answer = await ask(
    peer,
    `${client} wants to run ${tool} on ${where}.\n${reason}\nArguments, complete:\n${args}`,
    {
      allow: { type: 'boolean', title: `Allow once on ${where}`, default: false },
    },
    ['allow'],
    signal,
  );
  if (answer?.['action'] === 'decline') return false;
  if (answer?.['action'] !== 'accept') return null;
  return isObject(answer['content']) && answer['content']['allow'] === true;
}

/** Asks which account is meant; null where nobody said. */
export async function askForAccount(
  peer: Peer,
  {
    tool,
    client,
    choices,
  }: Pick<Question, 'tool' | 'client'> & { readonly choices: readonly { readonly profile: string }[] },
  signal: AbortSignal,
): Promise<string | null> {
  const answer = await ask(
    peer,
    `Which account is meant? ${client} wants to run ${tool} and named none.`,
    { account: { type: 'string', title: 'Account', enum: choices.map(({ profile }) => profile) } },
    ['account'],
    signal,
  );
  const content = answer?.['action'] === 'accept' ? answer['content'] : null;
  const account = isObject(content) ? content['account'] : null;
  return choices.some(({ profile }) => profile === account) ? (account as string) : null;
}

/** Lets a client that is asked by answers wait on; false when it does not come back. */
export async function askAgain(
  peer: Peer | undefined,
  { profile, tool }: Question,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (!peer) return false;
  const answer = await ask(
    peer,
    `A person has to allow ${tool} on ${profile} in Nucleus. Go on when that is done.`,
    {},
    [],
    signal ?? new AbortController().signal,
  );
  return answer?.['action'] === 'accept';
}

async function ask(
  peer: Peer,
  message: string,
  properties: Params,
  required: readonly string[],
  signal: AbortSignal,
): Promise<Params | null> {
  const requestedSchema = { type: 'object', properties, ...(required.length > 0 && { required }) };
  const params = { message, requestedSchema };
  const said: PeerAnswer = await peer.ask({ method: 'elicitation/create', params, signal });
  return 'result' in said && isObject(said.result) ? said.result : null;
}
