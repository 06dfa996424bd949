import * as z from 'zod';
import { durationPattern, parseDuration } from './duration.ts';
import { headerProblem, isHeaderValue } from './headers.ts';
import { logLevels, logStyles } from './log-levels.ts';
import { modes, parseAlwaysOn } from './modes.ts';
import { rankers } from './ranker.ts';
import { separators } from './tool-name.ts';

/** `most`: a timer cannot wait longer than 24d (2^31 - 1 milliseconds). */
const duration = (fallback: string, describe: string, shortest = 0, most = '24d') =>
  z
    .string()
    .regex(durationPattern)
    .default(fallback)
    .transform((text, context) => {
      const milliseconds = parseDuration(text);
      if (milliseconds >= shortest && milliseconds <= parseDuration(most)) return milliseconds;
      const message = shortest > 0 ? `must be from ${shortest}ms to ${most}` : `must be at most ${most}`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .describe(describe);

const mebibytes = (fallback: number, describe: string) =>
  z
    .number()
    .positive()
    .max(1024)
    .default(fallback)
    .transform((size) => Math.floor(size * 1024 * 1024))
    .describe(describe);

function checkHeaders(headers: Record<string, string>, context: z.RefinementCtx): void {
  for (const [name, value] of Object.entries(headers)) {
    const isCredential = /^(authorization|proxy-authorization|cookie)$/i.test(name);
    const problem =
      headerProblem(name) ??
      (isCredential
        ? 'would go to every server; give it to one connector with nucleus add --header'
        : null) ??
      (isHeaderValue(value) ? null : 'has a value with a character that no header can hold');
    if (problem !== null) context.addIssue({ code: 'custom', path: [name], message: problem });
  }
}

function checkAlwaysOn(pins: readonly string[], context: z.RefinementCtx): void {
  for (const [index, pin] of pins.entries()) {
    try {
      parseAlwaysOn(pin);
    } catch {
      // Goes on from the key's name; its own sentence speaks of the flag.
      context.addIssue({ code: 'custom', path: [index], message: 'must be connector:alias' });
    }
  }
}

/** What becomes of calls that cannot be written down. */
const whenFull = ['refuse-guarded', 'refuse-all', 'allow'] as const;

const names = (describe: string) => z.array(z.string()).max(100).default([]).describe(describe);

/**
 * config.toml. The schema is the only definition of its keys, types and defaults; durations become milliseconds, sizes
 * bytes. What a check of its own says goes on from the key's name (`must be …`) and never quotes the value.
 */
export const Config = z.strictObject({
  upstream: z
    .strictObject({
      connect_timeout: duration('15s', 'How long an upstream may take to start and answer initialize.', 1),
      list_timeout: duration('15s', 'How long one page of an upstream list may take.', 1),
      call_timeout: duration('5m', 'How long one call may take; progress does not extend it.', 1),
      idle_timeout: duration('15m', 'Stop an upstream nobody called for this long; 0 keeps it.'),
      max_frame_mib: mebibytes(64, 'Longest single message an upstream may send.'),
      max_in_flight: z.int().min(1).max(10_000).default(512).describe('Calls one upstream may hold open.'),
      max_tools: z.int().min(1).max(200_000).default(20_000).describe('Tools taken from one upstream.'),
      max_pages: z.int().min(1).max(100_000).default(1_000).describe('Pages read of one upstream list.'),
      headers: z
        .record(z.string(), z.string())
        .superRefine(checkHeaders)
        .default({})
        .describe(
          'Sent to every upstream behind a URL, `X-Org = "acme"`; one that its connector sets by that name wins. No credentials: they belong to a profile.',
        ),
    })
    .prefault({})
    .describe('How Nucleus treats the MCP servers behind it.'),
  client: z
    .strictObject({
      max_message_mib: mebibytes(
        10,
        'Longest single message sent to a client; the official SDK closes its connection above 10 MiB.',
      ),
      max_backlog_mib: mebibytes(128, 'Bytes a client may leave unread before it is disconnected.'),
    })
    .prefault({})
    .describe('How Nucleus treats the clients in front of it.'),
  surface: z
    .strictObject({
      mode: z
        .enum(modes)
        .default('auto')
        .describe(
          'How many tools a client is shown that does not say so itself: all (`expose-all`), one account of each connector (`hybrid`), only the tools that find and call others (`search`), one tool for all accounts of a connector (`merged`), or `search` and `execute` as Nexus has them (`compat`). `auto` takes the first of expose-all, merged, hybrid and search that fits the budget. What is not shown can be called all the same.',
        ),
      budget: z
        .int()
        .min(1)
        .max(1_000_000)
        .default(10_000)
        .describe('Tokens the list of tools may cost a model in mode `auto`.'),
      always_on: z
        .array(z.string())
        .max(100)
        .superRefine(checkAlwaysOn)
        .default([])
        .describe('Accounts that mode `hybrid` shows as well, `supabase:prod`.'),
      separator: z
        .enum(separators)
        .default('_')
        .describe(
          'What stands between account and tool in names: `supabase_prod_execute_sql`, or `supabase_prod__execute_sql` for those used to Nexus.',
        ),
      account_line: z
        .boolean()
        .default(false)
        .describe('Ends each result with a line that names its account; programs find it in `_meta` anyway.'),
      ranker: z
        .enum(rankers)
        .default('bm25f')
        .describe(
          'How tools are found: `bm25f` knows forms of words and which account is meant; `original` has the order and the scores of the original Nucleus.',
        ),
      structured_search: z
        .boolean()
        .default(true)
        .describe(
          'In mode `compat`: whether `search` answers data beside text; Nexus calls it `enable_structured_content`.',
        ),
    })
    .prefault({})
    .describe('Which tools clients are shown.'),
  approval: z
    .strictObject({
      park_after: duration(
        '45s',
        'A call that waits for a person is answered with a ticket after this long, or sooner for clients that give up sooner.',
        1,
        '5m',
      ),
    })
    .prefault({})
    .describe('How people are asked; what they are asked says policy.toml.'),
  audit: z
    .strictObject({
      when_full: z
        .enum(whenFull)
        .default('refuse-guarded')
        .describe(
          'What becomes of calls while the audit log cannot be written: `refuse-guarded` refuses those a rule asks about, and those that write on an account with a class; `refuse-all` refuses every call; `allow` refuses none. Their lines wait in memory.',
        ),
    })
    .prefault({})
    .describe('The record of calls.'),
  sign_in: z
    .strictObject({
      timeout: duration('5m', 'How long a person may take to sign in, at most 5m.', 1, '5m'),
      client_metadata_url: z
        .string()
        .refine((address) => /^https:\/\/[^\s/?#]+\S*$/i.test(address), 'must be an https address')
        .optional()
        .describe('Where a metadata document of Nucleus is (CIMD), for services that take one.'),
    })
    .prefault({})
    .describe('How people sign in to services.'),
  gateway: z
    .strictObject({
      idle_exit: duration(
        '15m',
        'An auto-started headless gateway ends after this long without clients; 0 never.',
      ),
    })
    .prefault({})
    .describe('The gateway process itself.'),
  http: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Listen on loopback HTTP beside the socket.'),
      listen: z
        .string()
        .optional()
        .describe('`host:port`; default 127.0.0.1:8787, or a free port when NUCLEUS_HOME is set.'),
      allowed_hosts: names(
        'Names beside loopback ones that a Host header may carry, e.g. behind a reverse proxy.',
      ),
      allowed_origins: names('Web origins that may call, e.g. https://inspector.example; none by default.'),
      max_sessions: z.int().min(1).max(10_000).default(1_000).describe('Sessions held open at once.'),
      session_idle: duration('30m', 'A session nobody used for this long is ended.', 1),
    })
    .prefault({})
    .describe('How clients reach Nucleus over HTTP.'),
  log: z
    .strictObject({
      level: z
        .enum(logLevels)
        .default('info')
        .describe(
          'The least level that is written; there is no line of `trace` yet, so it shows what `debug` shows.',
        ),
      style: z
        .enum(logStyles)
        .default('text')
        .describe(
          '`text` is a line for people, `json` one JSON object per line with `ts`, `level`, `msg` and `fields`. Servers added with `--stderr inherit` write their own lines between.',
        ),
    })
    .prefault({})
    .describe('What the gateway says about itself.'),
});
export type Config = z.output<typeof Config>;
/** What may be written, all of it optional: durations as texts, sizes in MiB. */
export type ConfigInput = z.input<typeof Config>;

/** The configuration of a machine without a config.toml. */
export const defaultConfig: Config = Config.parse({});
