import type { Finding } from '../../../src-shared/doctor.ts';
import { toNucleusError } from '../../../src-shared/errors.ts';
import { fail, ok } from './finding.ts';

const limitMs = 3_000;

/**
 * Whether an MCP server answers at an address: anything below 500 is an answer, since one that wants a sign-in says 401
 * and another may want a newer protocol.
 */
export async function probeUrl(url: URL, version: string): Promise<Finding> {
  const subject = `${url.origin}${url.pathname}`;
  const about = { subject };
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify(initialize(version)),
      redirect: 'manual',
      signal: AbortSignal.timeout(limitMs),
    });
    await response.body?.cancel();
    const { status } = response;
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

function why(thrown: unknown): string {
  if (thrown instanceof Error && thrown.name === 'TimeoutError')
    return `did not answer within ${limitMs / 1_000} s`;
  // What fetch throws only says that it failed; the reason is below it.
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
  const code = (cause as NodeJS.ErrnoException).code;
  return `cannot be reached: ${code ?? toNucleusError(cause).message}`;
}

function initialize(version: string): object {
  return {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'nucleus-doctor', version },
    },
  };
}
