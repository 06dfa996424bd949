import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { get } from 'node:https';
import { readRelease, releases, type LookAnswer } from './update-answer.ts';

const redirectLimit = 3;
const byteLimit = 256 * 1_024;

export interface UpdateRequest {
  /** Where GitHub tells of the latest release. */
  readonly address: URL;
  /** Of the app that asks; all that is said about it. */
  readonly version: string;
  get(url: URL, options: RequestOptions, hear: (response: IncomingMessage) => void): ClientRequest;
  /** For the whole look, redirects included. */
  readonly limitMs: number;
}

/** The app's way to ask: where releases are published, over HTTPS, for ten seconds. */
export function askReleases(version: string): (signal: AbortSignal) => Promise<LookAnswer> {
  const request = { address: new URL(releases.latest), version, get, limitMs: 10_000 };
  return (signal) => askLatest(request, signal);
}

/** Asks once for the newest release. What fails is an answer too: only settings show it. */
export async function askLatest(request: UpdateRequest, signal: AbortSignal): Promise<LookAnswer> {
  const { address, limitMs } = request;
  // https://www.rfc-editor.org/rfc/rfc2606#section-2: no such name leads anywhere, so it is not looked up either.
  if (address.hostname.endsWith('.invalid')) return failed('Nucleus has no page of releases yet');
  const limit = AbortSignal.timeout(limitMs);
  try {
    return await follow(request, AbortSignal.any([signal, limit]));
  } catch (error) {
    if (limit.aborted) return failed(`${address.hostname} did not answer within ${limitMs / 1_000} s`);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return failed(`${address.hostname} was not found`);
    return failed(`${address.hostname} was not reached${code === undefined ? '' : ` (${code})`}`);
  }
}

async function follow(request: UpdateRequest, signal: AbortSignal): Promise<LookAnswer> {
  const { address } = request;
  for (let at = address, turns = 0; turns <= redirectLimit; turns += 1) {
    const response = await open(request, at, signal);
    const { statusCode: status = 0, headers } = response;
    try {
      if (status === 200) {
        const body = await read(response);
        return body === null
          ? failed(`${address.hostname} answered more than ${byteLimit / 1_024} KiB`)
          : readRelease(body);
      }
      const { location } = headers;
      const next = status >= 300 && status < 400 && location ? URL.parse(location, at.href) : null;
      if (next === null) return failed(`${address.hostname} answered ${status}`);
      if (next.origin !== address.origin) return failed(`${address.hostname} leads to another host`);
      at = next;
    } finally {
      response.destroy();
    }
  }
  return failed(`${address.hostname} leads in a circle`);
}

function open(request: UpdateRequest, url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const headers = { accept: 'application/vnd.github+json', 'user-agent': `Nucleus/${request.version}` };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  // No agent: a look a day keeps no connection.
  request.get(url, { headers, agent: false, signal }, resolve).on('error', reject);
  return promise;
}

/** The whole body; null where it is larger than any release. */
async function read(response: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > byteLimit) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function failed(problem: string): LookAnswer {
  return { problem };
}
