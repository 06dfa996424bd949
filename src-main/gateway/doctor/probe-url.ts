import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Finding } from '../../../src-shared/doctor.ts';
import { toNucleusError } from '../../../src-shared/errors.ts';
import { fail, ok } from './finding.ts';

const limitMs = 3_000;

/**
 * Whether an MCP server answers at an address: anything below 500 is an answer, since one that wants a sign-in says 401
 * and another may want a newer protocol.
 */
export async function probeUrl(url: URL, version: string): Promise<Finding> {
  // No user name, no query: either may hold a secret.
  const subject = `${url.origin}${url.pathname}`;
  const about = { subject };
  try {
    const status = await post(url, initialize(version));
    if (status >= 500)
      return fail('probe', `${subject} answers with ${status}`, 'look into the log of that server', about);
    return ok(
      'probe',
      `${subject} answers${status === 401 ? ' and wants a sign-in' : ''} (${status})`,
      about,
    );
  } catch (error) {
    return fail('probe', `${subject} ${why(error)}`, 'check the address, and that its server runs', about);
  }
}

/** Not `fetch`, which refuses ports that browsers keep from pages. */
function post(url: URL, body: string): Promise<number> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(limitMs);
    const sent = request(url, { method: 'POST', headers, agent: false, signal }, (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    sent.on('error', reject).end(body);
  });
}

function why(thrown: unknown): string {
  const { code, name } = thrown as NodeJS.ErrnoException;
  if (name === 'AbortError' || name === 'TimeoutError') return `did not answer within ${limitMs / 1_000} s`;
  return `cannot be reached: ${code ?? toNucleusError(thrown).message}`;
}

function initialize(version: string): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'nucleus-doctor', version },
    },
  });
}
