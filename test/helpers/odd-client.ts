import { textOf } from './exact-json.ts';
import type { RawWire } from './raw-wire.ts';
import { until } from './until.ts';

export type Era = 'legacy' | 'modern';

/** A message the client heard, by the step it heard it in. */
export interface Heard {
  readonly step: string;
  readonly text: string;
}

export const revisions = { legacy: '2025-11-25', modern: '2026-07-28' } as const;

const oddities = String.raw`"vendor/odd" : {"10":"ten","2":"two", "big":12345678901234567890,"long":0.1234567890123456789,"huge":1e400 ,"caf\u00e9":"composed","cafe\u0301":"decomposed","\ud83d\ude00":"\ud800 \u2028 \/","null":null,"empty":{},"list":[[],{}, ""]}`;
const clientInfo = `{"name":"odd-client","version":"1","title":"\\u00d6dd","icons":[{"src":"data:,"}],"vendor/build":12345678901234567890}`;
const capabilities = `{"sampling":{"tools":{},"context":{},"vendor/s":1},"elicitation":{"form":{"vendor/f":1},"url":{}},"roots":{"listChanged":true},"experimental":{"vendor/e":{}},"extensions":{"io.modelcontextprotocol/tasks":{"v":1}},"vendor/cap":{"on":true}}`;
const envelope = `,"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":${clientInfo},"io.modelcontextprotocol/clientCapabilities":${capabilities},"io.modelcontextprotocol/logLevel":"debug"`;

/** What it says to each question, as the body of an answer. */
const answers: Readonly<Record<string, string>> = {
  'sampling/createMessage': `"result":{"role":"assistant","model":"m","stopReason":"toolUse","content":[{"type":"tool_use","id":"u","name":"x","input":{"10":1.0,"2":9007199254740993}}],${oddities}}`,
  'elicitation/create': `"result":{"action":"accept","content":{"10":"\\u00fc","2":9007199254740993},"_meta":{"v":1.0},${oddities}}`,
  'roots/list': `"result":{"roots":[{"uri":"file:///w%C3%B6rk","name":"w","_meta":{"v":1},"vendor/r":1}],${oddities}}`,
  'vendor/ask': `"error":{"code":77,"message":"\\u00e9","data":{${oddities}}}`,
};
const whatIsAsked = ['sampling/createMessage', 'elicitation/create', 'elicitation/create#url', 'roots/list'];
const news = ['notifications/message', 'notifications/vendor/event'];
const unaskedNews = [
  'notifications/vendor/event',
  'notifications/resources/updated',
  'notifications/tasks/status',
  'notifications/elicitation/complete',
  'notifications/message',
];

/** How long something is waited for that may be lost. */
const patience = 20_000;

interface Read {
  readonly id?: string | number;
  readonly method?: string;
}

/** What the client calls what the upstream offers: the upstream's own names, or those of a gateway. */
export interface Names {
  name(own: string): string;
  uri(own: string): string;
}

const ownNames: Names = { name: (own) => own, uri: (own) => own };

/** Says everything there is to say to the odd upstream, one thing after the other, and hands out what it heard. */
export async function tellAll(
  wire: RawWire,
  era: Era,
  got: () => readonly { readonly what: string }[],
  names = ownNames,
): Promise<Heard[]> {
  const heard: Heard[] = [];
  let step = '';
  wire.onHeard((text) => {
    heard.push({ step, text });
    const { id, method } = JSON.parse(text) as Read;
    if (id !== undefined && method !== undefined) void reply(id, method, text);
  });

  async function reply(id: string | number, method: string, text: string): Promise<void> {
    const token = /"progressToken":("[^"]*"|\d+)/.exec(text)?.[1];
    if (token !== undefined && method === 'sampling/createMessage')
      await wire.send(
        `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":0.50,"progressToken":${token},${oddities}}}`,
      );
    await wire.send(`{${answers[method]},"id":${JSON.stringify(id)},"jsonrpc":"2.0"}`);
  }

  function params(members: string, token = ''): string {
    const meta = `"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","vendor/meta":[1.0]${token}`;
    const own = members === '' ? '' : `${members},`;
    return `{${own}"_meta":{${meta}${era === 'modern' ? envelope : ''}},"vendor/param":12345678901234567890}`;
  }

  /** Sends a request and waits for its answer, or for `messages` in all. */
  async function say(
    name: string,
    id: string | number,
    method: string,
    whole: string,
    messages?: number,
  ): Promise<string> {
    step = name;
    void wire.send(`{"params": ${whole},"method":"${method}" ,"id":${JSON.stringify(id)}, "jsonrpc":"2.0"}`);
    // What a gateway says of its own lists comes when it comes.
    const own = (): Heard[] =>
      heard.filter((one) => one.step === name && !/"notifications\/\w+\/list_changed"/.test(one.text));
    const isAnswer = ({ text }: Heard): boolean => {
      const read = JSON.parse(text) as Read;
      return read.method === undefined && read.id === id;
    };
    if (messages === undefined) await until(`the answer in ${name}`, () => own().some(isAnswer));
    // What is lost is for the comparison to tell.
    else await until(`${messages} in ${name}`, () => own().length >= messages, patience).catch(() => null);
    return own().find(isAnswer)?.text ?? '';
  }

  const tell = (method: string, whole: string): Promise<void> =>
    wire.send(`{"method":"${method}","params":${whole},"jsonrpc":"2.0"}`);
  const tool = (name: string, args = `{${oddities}}`): string =>
    `"arguments":${args},"name":"${names.name(name)}"`;
  const list = (words: readonly string[]): string =>
    `{"what":${JSON.stringify(words)},"methods":${JSON.stringify(words)}}`;

  async function open(): Promise<void> {
    if (era === 'modern') return void (await say('discover', 'd', 'server/discover', params('')));
    const whole = `{"protocolVersion":"2025-11-25","capabilities":${capabilities},"clientInfo":${clientInfo},"_meta":{"v":1}}`;
    await say('initialize', 'i', 'initialize', whole);
    await tell('notifications/initialized', '{"_meta":{"v":1.0}}');
    await wire.listen();
  }

  /** Asks again with answers for as long as there are questions. */
  async function askAll(call: string): Promise<void> {
    let more = '';
    for (let round = 0; round < 6; round += 1) {
      const result =
        textOf(await say(`ask ${round}`, 50 + round, 'tools/call', params(`${more}${call}`)), 'result') ??
        '{}';
      const requests = JSON.parse(textOf(result, 'inputRequests') ?? '{}') as Record<
        string,
        { method: string }
      >;
      if (Object.keys(requests).length === 0) return;
      const responses = Object.entries(requests).map(
        ([key, { method }]) => `${JSON.stringify(key)}:${answers[method]?.slice('"result":'.length)}`,
      );
      more = `"requestState":${textOf(result, 'requestState')},"inputResponses":{${responses.join()}},`;
    }
  }

  /** What each era has in its own way. */
  async function legacyOnly(task: string): Promise<void> {
    await say('ping', 40, 'ping', params(''));
    await say('level', 41, 'logging/setLevel', params('"level":"debug"'));
    await say('subscribe', 42, 'resources/subscribe', params(`"uri":"${names.uri('odd://one')}"`));
    await say('ask', 43, 'tools/call', params(tool('ask', list(whatIsAsked))));
    await say('vendor ask', 39, 'tools/call', params(tool('ask', list(['vendor/ask']))));
    await say('retract', 44, 'tools/call', params(tool('retract')));
    await say('tasks list', 46, 'tasks/list', params(''));
    await say('tasks result', 47, 'tasks/result', params(task));
    await tell('notifications/vendor/hello', params(''));
    await say(
      'news afterwards',
      76,
      'tools/call',
      params(tool('afterwards', list(unaskedNews))),
      1 + unaskedNews.length,
    );
    await say('unsubscribe', 49, 'resources/unsubscribe', params(`"uri":"${names.uri('odd://one')}"`));
  }

  async function modernOnly(task: string): Promise<void> {
    await askAll(tool('ask', list(whatIsAsked)));
    await say('tasks update', 73, 'tasks/update', params(`${task},"inputResponses":{"a":{"v":1.0}}`));
    await say('later', 74, 'tools/call', params(tool('later')));
    await say(
      'listen',
      75,
      'subscriptions/listen',
      params(`"notifications":{"resourceSubscriptions":["${names.uri('odd://one')}"]}`),
      1,
    );
    await say(
      'news afterwards',
      76,
      'tools/call',
      params(tool('afterwards', list(['notifications/resources/updated']))),
      2,
    );
  }

  await open();
  for (const [index, method] of [
    'tools/list',
    'prompts/list',
    'resources/list',
    'resources/templates/list',
  ].entries())
    await say(method, index, method, params(''));
  for (const way of [1, 2, 3]) await say(`odd ${way}`, `\u00fc ${way}`, 'tools/call', params(tool('odd')));
  await say('links', 10, 'tools/call', params(tool('links')));
  await say('progress', 11, 'tools/call', params(tool('progress'), ',"progressToken":0'));
  await say('news', 12, 'tools/call', params(tool('news', list(news))));
  for (const how of ['plain', 'url', 'gone', 'bare'])
    await say(`error ${how}`, how, 'tools/call', params(tool('fail', `{"how":"${how}"}`)));
  await say(
    'prompt',
    20,
    'prompts/get',
    params(`"name":"${names.name('odd_prompt')}","arguments":{"who":"\\u00e9","vendor/x":1.0}`),
  );
  await say('read', 21, 'resources/read', params(`"uri":"${names.uri('odd://one')}"`));
  await say(
    'complete',
    22,
    'completion/complete',
    params(
      `"ref":{"type":"ref/prompt","name":"${names.name('odd_prompt')}","title":"t"},"argument":{"name":"who","value":"\\u00e9"},"context":{"arguments":{"a":"b"},"v":1.0}`,
    ),
  );
  await say('vendor', 23, 'vendor/method', params(oddities));
  await say('vendor error', 24, 'vendor/fail', params(''));
  const asTask = era === 'legacy' ? ',"task":{"ttl":60000,"vendor/t":1.0}' : '';
  const made = await say('task', 72, 'tools/call', params(`${tool('task')}${asTask}`));
  // Where no task was made of it, its upstream's own.
  const task = /"taskId":"[^"]*"/.exec(made)?.[0] ?? '"taskId":"t-1"';
  await say('tasks get', 25, 'tasks/get', params(task));
  await (era === 'modern' ? modernOnly(task) : legacyOnly(task));
  await say('tasks cancel', 26, 'tasks/cancel', params(task));
  await say('hang', 90, 'tools/call', params(tool('hang')), 1);
  step = 'cancelled';
  const isEnd = ({ what }: { readonly what: string }): boolean =>
    ['notifications/cancelled', 'the end of tools/call'].includes(what);
  const ended = got().filter(isEnd).length;
  const isDropped = wire.drop();
  if (!isDropped)
    await tell(
      'notifications/cancelled',
      `{"reason":"en\\u00f6ugh","requestId":90,"_meta":{"v":1.0},${oddities}}`,
    );
  // The gateway may say it in the other way.
  await until('the end of the call', () => got().filter(isEnd).length > ended, patience).catch(() => null);
  return heard;
}
