import type { Era } from '../helpers/odd-client.ts';

export interface Pairing {
  readonly client: Era;
  readonly upstream: Era;
  readonly transport: 'stdio' | 'http';
}

export interface Allowed {
  /** The differences meant, as test/helpers/losses.ts words them. */
  readonly what: RegExp;
  readonly reason: string;
  /** Where it may be; everywhere without. */
  readonly where?: (pairing: Pairing) => boolean;
  /** It depends on which of two things comes first, so that it need not be there. */
  readonly isOpen?: true;
}

const isSame = ({ client, upstream }: Pairing): boolean => client === upstream;
const isOldNew = ({ client, upstream }: Pairing): boolean => client === 'legacy' && upstream === 'modern';
const isNewOld = ({ client, upstream }: Pairing): boolean => client === 'modern' && upstream === 'legacy';
const isModern = ({ client, upstream }: Pairing): boolean => client === 'modern' && upstream === 'modern';
const lists = '(tools|prompts|resources|resources/templates)/list';

/** All that may differ between a client that talks to a server itself and one that does so through its own address. */
export const allowed: readonly Allowed[] = [
  // Ids and tokens.
  {
    what: /^(heard|got|asked) .* params\._meta\.progressToken was /,
    reason: 'progress tokens are each connection’s own; progress itself comes back under the client’s',
  },
  {
    what: /^(heard|got) (.*: )?notifications\/cancelled:? params\.requestId was /,
    reason: 'ids are each connection’s own',
  },

  // Requests, notifications and their params are parsed and written anew; the value is the same to the last digit.
  {
    what: /^(heard [^:]+: \S+\/\S+|got [^:]+:|asked [^:]+:) params is written in another way$/,
    reason:
      'what is interpreted is written anew: white space, escapes, 1.0 for 1; a number no double holds stays',
  },
  {
    what: /^got answer to [^:]+: (result|error) is written in another way$/,
    reason: 'the same, for what a client says to a question',
  },
  {
    what: /^heard [^:]+: answer error is written in another way$/,
    reason: 'the same, for errors, which are read for what they say',
  },
  {
    what: /^heard [^:]+: answer result is written in another way$/,
    reason: 'the same, for an answer whose id stands where no SDK writes it; all others pass byte for byte',
  },

  // One connection for all clients (design.md, decision 6).
  {
    what: /^got (initialize|notifications\/initialized|server\/discover): /,
    reason:
      'the gateway greets its upstream itself, once for all clients, and asks first which era it speaks',
  },
  {
    what: /^got .*: params\._meta\.io\.modelcontextprotocol\/clientInfo\./,
    reason: 'the client of the upstream is the gateway',
    where: isModern,
  },
  {
    what: /^got logging\/setLevel: params\.(_meta|vendor\/param) is gone$/,
    reason:
      'the level of a shared connection is the most talkative any client wants: the gateway’s own request',
  },
  {
    what: /^got ping: came 0 times instead of 1$/,
    reason: 'a ping is answered by who is pinged: the gateway',
  },
  {
    what: /^got subscriptions\/listen: /,
    reason: 'one subscription for all clients, opened by the gateway, and again when what is wanted changes',
  },
  {
    what: /^got the end of subscriptions\/listen: /,
    reason: 'the subscription before ends when the next one was taken',
    isOpen: true,
  },
  {
    what: /^heard listen: notifications\/subscriptions\/acknowledged params\._meta\.vendor\/s is gone$/,
    reason: 'the subscription a client opens is one to the gateway, which acknowledges it',
    where: isModern,
  },

  // Lists and greeting come from the catalog, so that they are there while no upstream runs (decision 8).
  {
    what: new RegExp(`^got ${lists}: (params|came)`),
    reason: 'the gateway reads lists itself, all pages, and again on list_changed',
  },
  {
    what: new RegExp(`^heard ${lists}: answer result\\.(_meta|vendor/list) is gone$`),
    reason: 'the rows are the upstream’s, the list around them and its pages the gateway’s',
  },
  {
    what: new RegExp(`^heard (discover|${lists}): answer result\\.(ttlMs|cacheScope) was `),
    reason: 'what the catalog has may change any moment: the gateway vouches for none of it',
    where: isModern,
  },

  // What the protocol says of both ends.
  {
    what: /^got answer to elicitation\/create: came 2 times instead of 3$/,
    reason: 'a question that was taken back gets no answer (2025-11-25, basic/utilities/cancellation)',
    where: isSame,
  },
  {
    what: /^got (notifications\/cancelled|the end of tools\/call): came \d times instead of \d$/,
    reason: 'a cancel is the end of a POST over HTTP and a notification over stdio, where ends differ',
  },

  // Between the eras: protocol.md, 1.3.
  {
    what: /^heard .*: answer result\.(resultType|ttlMs|cacheScope) was added$/,
    reason: 'row results: stamped resultType, and ttlMs and cacheScope on lists and reads',
    where: isNewOld,
  },
  {
    what: /^heard .*: answer result\.(resultType|ttlMs|cacheScope) is gone$/,
    reason: 'row results: resultType, ttlMs and cacheScope are stripped',
    where: isOldNew,
  },
  {
    what: /^heard tools\/list: answer result\.tools\[\d+\]\.execution is gone$/,
    reason: 'row results: execution is dropped for a client that does not know it',
    where: (pairing) => !isSame(pairing),
  },
  {
    what: /^heard task: answer result\.(taskId|status|createdAt|pollIntervalMs|_meta|content) (is gone|was added)$/,
    reason: 'row tasks: run to completion, so that the client gets what came of it',
    where: isOldNew,
  },
  {
    what: /^got tasks\/get: came 2 times instead of 1$/,
    reason: 'the same: the gateway asks whether it is done',
    where: isOldNew,
  },
  {
    what: /^heard error url: answer (error is gone|result was added)$/,
    reason: 'row URL elicitation: -32042 becomes input_required',
    where: isNewOld,
  },
  {
    what: /^heard news afterwards: notifications\/\S+ came /,
    reason: 'row subscribe: a modern client hears what it opted in to, and nothing else unasked',
    where: (pairing) => !isSame(pairing),
  },
  {
    what: /^heard news afterwards: .*subscriptionId (was added|is gone)$/,
    reason: 'row subscribe: subscriptionId in every notification of a modern stream',
    where: (pairing) => !isSame(pairing),
  },
  {
    what: /^asked .*: params\.(_meta\.progressToken|elicitationId) is gone$/,
    reason: 'rows URL elicitation and server requests: neither is part of an input request',
    where: isNewOld,
  },
  {
    what: /^got .*: params\._meta\.io\.modelcontextprotocol\/(clientInfo\.|clientCapabilities\.extensions\.io\.modelcontextprotocol\/tasks is gone|logLevel was)/,
    reason:
      'row _meta: the envelope is added, with the gateway’s name, the session’s level, and what the client declared but for tasks',
    where: isOldNew,
  },
  {
    what: /^got resources\/subscribe: params\.(_meta|vendor\/param) is gone$/,
    reason: 'row subscribe: a listen filter becomes resources/subscribe, the gateway’s own request',
    where: isNewOld,
  },
  {
    what: /^got notifications\/cancelled: params\.(reason was|_meta is gone|vendor\/odd is gone)/,
    reason: 'row cancellation: a modern client over HTTP says nothing, it goes',
    where: ({ client }) => client === 'modern',
  },
];

/** What differs besides where a client sees all accounts at once, under names of the gateway (design.md, 5 and 14). */
export const allowedTogether: readonly Allowed[] = [
  {
    what: /^heard (tools|prompts)\/list: answer result\.\w+\[\d+\]\.(name|description) was /,
    reason: 'names and descriptions say which account is meant',
  },
  {
    what: /^heard resources(\/templates)?\/list: answer result\.\w+\[\d+\]\.(uri|uriTemplate|description) was /,
    reason: 'addresses and descriptions say which account is meant',
  },
  {
    what: /^heard (links|read|prompt|news afterwards): .*uri was /,
    reason: 'what a client reads next is named as the gateway names it',
  },
  {
    what: /^heard .*: answer result\._meta(\.dev\.nucleus\/profile)? was added$/,
    reason: 'each result says which account it came from',
  },
  {
    what: /^heard tools\/list: answer result\.tools\[\d+\] was added$/,
    reason: 'the gateway’s own tools come after those of the accounts',
  },
  {
    what: /^heard (initialize|discover): /,
    reason: 'the gateway greets for all accounts: its own name, instructions and merged capabilities',
  },
  {
    what: /^heard vendor( error)?: answer (error|result is gone)/,
    reason: 'what MCP does not know concerns no account in particular',
  },
  {
    what: /^heard (tasks? ?\w*|news afterwards): .*\btaskId was /,
    reason: 'a task is named as the gateway names it',
  },
  {
    what: /^got (vendor\/\S+|notifications\/vendor\/hello): came 0 times instead of 1$/,
    reason: 'what MCP does not know concerns no account in particular',
  },
  {
    what: /^heard tasks list: answer result\.(tasks\[0\]\.\S+ was added|(tasks\[0\]\.vendor\/t|nextCursor|vendor\/odd) is gone)$/,
    reason: 'the tasks of all accounts are one list, of the gateway, which asks for each how it is',
    where: ({ client }) => client === 'legacy',
  },
  {
    what: /^got tasks\/(list: came 0 times instead of 1|get: came 2 times instead of 1)$/,
    reason: 'the same',
    where: ({ client }) => client === 'legacy',
  },
  {
    what: /^(heard ask: roots\/list|asked roots\/list:) came 0 times instead of 1$/,
    reason: 'a client of all accounts is asked for its folders by none (decision 6)',
    where: ({ client }) => client === 'legacy',
  },
  {
    what: /^(answered:|got answer to roots\/list:) /,
    reason: 'the gateway answers roots/list: the folders are the profile’s',
    where: ({ client }) => client === 'legacy',
  },
  {
    what: /^got .*: params\._meta\.io\.modelcontextprotocol\/clientCapabilities\.roots is gone$/,
    reason: 'the same: roots are not declared',
    where: ({ client }) => client === 'modern',
  },
  {
    what: /^heard .*: notifications\/\w+\/list_changed came \d times instead of 0$/,
    reason: 'an account that was never listed before is news',
    isOpen: true,
  },
  {
    what: /^heard listen: .*resourceSubscriptions\[0\] was /,
    reason: 'addresses say which account is meant',
    where: ({ client }) => client === 'modern',
  },
];
