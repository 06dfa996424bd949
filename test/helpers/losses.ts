import { differences, parseExact, textOf } from './exact-json.ts';

/** What passed between a client and a server, as text: what the client heard by its steps, what the server got. */
export interface Account {
  readonly heard: readonly { readonly step: string; readonly text: string }[];
  readonly got: readonly { readonly what: string; readonly text: string }[];
}

/** One message, under a name that says when it passed and what it is. */
interface Passed {
  readonly at: string;
  readonly text: string;
}

/**
 * Every difference between two accounts, a sentence each. `isSameEra`: both clients speak as the server does; else
 * only what both eras have is compared, and questions with their answers apart from how they are carried.
 */
export function losses(before: Account, after: Account, isSameEra: boolean): string[] {
  const parts = [heardOf, gotOf, askedOf, answersOf].flatMap((part) => {
    const [ones, others] = [part(before), part(after)];
    return isSameEra || part === askedOf || part === answersOf ? compare(ones, others) : common(ones, others);
  });
  return [...new Set(parts)];
}

function common(before: readonly Passed[], after: readonly Passed[]): string[] {
  const carriers = /^\w+ (ask\b|vendor ask|tools\/call (ask|task|afterwards)|answer to |the end of )/;
  const within = (ones: readonly Passed[], others: readonly Passed[]): readonly Passed[] =>
    ones.filter(
      ({ at }) => !carriers.test(at) && others.some((other) => other.at.split(':')[0] === at.split(':')[0]),
    );
  return compare(within(before, after), within(after, before));
}

function compare(before: readonly Passed[], after: readonly Passed[]): string[] {
  const names = [...new Set([...before, ...after].map(({ at }) => at))];
  return names.flatMap((name) => {
    const [ones, others] = [before, after].map((all) =>
      all.filter(({ at }) => at === name).map(({ text }) => text),
    );
    const [many = 0, fewer = 0] = [ones?.length, others?.length];
    if (many !== fewer) return [`${name} came ${fewer} times instead of ${many}`];
    return (ones ?? []).flatMap((one, index) => sentences(name, one, others?.[index] ?? ''));
  });
}

function sentences(name: string, before: string, after: string): string[] {
  const found = differences(parseExact(before), parseExact(after));
  if (found.length > 0) return found.map((one) => `${name} ${one}`);
  return ['params', 'result', 'error'].flatMap((part) =>
    textOf(before, part) === textOf(after, part) ? [] : [`${name} ${part} is written in another way`],
  );
}

interface Read {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: { readonly name?: unknown; readonly requestState?: unknown };
}

/** Messages of one step are in no order where they come on several streams; those of one kind are. */
function heardOf({ heard }: Account): Passed[] {
  return heard.map(({ step, text }) => {
    const { id, method } = JSON.parse(text) as Read;
    const isQuestion = method !== undefined && id !== undefined;
    return { at: `heard ${step}: ${method ?? 'answer'}`, text: isQuestion ? withoutId(text) : text };
  });
}

function gotOf({ got }: Account): Passed[] {
  return got.map(({ what, text }) => {
    const name = (JSON.parse(text) as Read).params?.name;
    return { at: `got ${what}${typeof name === 'string' ? ` ${name}` : ''}:`, text: withoutId(text) };
  });
}

/** Ids are everybody's own. */
function withoutId(text: string): string {
  const part = (name: string): string[] => {
    const found = textOf(text, name);
    return found === undefined ? [] : [`"${name}":${found}`];
  };
  return `{${['jsonrpc', 'method', 'params', 'result', 'error'].flatMap(part).join()}}`;
}

/** What a client was asked in the step `ask`, in whichever way. */
function askedOf({ heard }: Account): Passed[] {
  return heard.flatMap(({ step, text }) => {
    const { id, method } = JSON.parse(text) as Read;
    if (!step.startsWith('ask')) return [];
    if (method !== undefined) return id === undefined ? [] : [asked(method, textOf(text, 'params'))];
    const requests = textOf(textOf(text, 'result') ?? '{}', 'inputRequests') ?? '{}';
    return membersOf(requests).map((one) =>
      asked(JSON.parse(textOf(one, 'method') ?? '""') as string, textOf(one, 'params')),
    );
  });
}

function asked(method: string, params = '{}'): Passed {
  return { at: `asked ${method}:`, text: `{"params":${params}}` };
}

/** What a server heard in answer to the four questions of that step, in whichever way. */
function answersOf({ got }: Account): Passed[] {
  const made = got.flatMap(({ what, text }) => {
    const method = /^answer to (.*)/.exec(what)?.[1];
    if (method !== undefined)
      return [{ at: 'answered:', text: textOf(text, 'result') ?? textOf(text, 'error') ?? '' }];
    const responses = textOf(textOf(text, 'params') ?? '{}', 'inputResponses');
    return what !== 'tools/call' || responses === undefined
      ? []
      : membersOf(responses).map((one) => ({ at: 'answered:', text: one }));
  });
  // Those of `ask` come first.
  return made.slice(0, 4);
}

/** The values of an object, as they are written. */
function membersOf(text: string): string[] {
  return Object.keys(JSON.parse(text) as object).map((name) => textOf(text, name) ?? '');
}
