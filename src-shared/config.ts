import * as z from 'zod';
import { parseDuration } from './duration.ts';
import { headerProblem, isHeaderValue } from './headers.ts';

/** A timer cannot wait longer (2^31 - 1 milliseconds). */
const longest = parseDuration('24d');

const duration = (fallback: string, describe: string, shortest = 0) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      try {
        const milliseconds = parseDuration(text);
        if (milliseconds >= shortest && milliseconds <= longest) return milliseconds;
        context.addIssue({ code: 'custom', message: `must be from ${shortest} ms to 24d and is ${text}` });
        return z.NEVER;
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
        return z.NEVER;
      }
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

/** config.toml. The schema is the only definition of its keys, types and defaults; durations become milliseconds, sizes bytes. */
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
  approval: z
    .strictObject({
      ask_for: z
        .array(z.string())
        .max(1_000)
        .default([])
        .describe(
          'Tools that need a person’s yes: `<profile id>/<tool>`, `*` stands for any characters. Stands in until policy.toml comes.',
        ),
    })
    .prefault({})
    .describe('What a person is asked before it runs.'),
  gateway: z
    .strictObject({
      idle_exit: duration(
        '15m',
        'An auto-started headless gateway ends after this long without clients; 0 never.',
      ),
    })
    .prefault({})
    .describe('The gateway process itself.'),
});
export type Config = z.output<typeof Config>;

/** The configuration of a machine without a config.toml. */
export const defaultConfig: Config = Config.parse({});
