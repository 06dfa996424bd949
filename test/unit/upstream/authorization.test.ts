// How each transport sends a token that changes, and what it does when one is turned down.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Authorization, Refusal } from '../../../src-main/gateway/upstream/authorization.ts';
import { openHttp, type HttpOptions } from '../../../src-main/gateway/upstream/http.ts';
import { openSse } from '../../../src-main/gateway/upstream/sse.ts';
import type { Transport } from '../../../src-main/gateway/upstream/transport.ts';
import { readReply } from '../../../src-main/gateway/wire/reply.ts';
import { json, result, startHttpUpstream, type Answer } from '../../fixtures/http-upstream.ts';
import { startSseUpstream } from '../../fixtures/sse-upstream.ts';
import { call, failureText, greet, link } from './http-support.ts';

/** An authorization whose tokens the test names; `next` brings another one, or nobody can. */
function createAuthorization(first: string, next: string | null) {
  const refusals: Refusal[] = [];
  let token: string = first;
  const authorization: Authorization = {
    current: () => `Bearer ${token}`,
    fresh: () => Promise.resolve(`Bearer ${token}`),
    concerns: (status) => status === 401,
    refused(refusal) {
      refusals.push(refusal);
      const isGivenUp = refusal.isSecond || next === null;
      if (isGivenUp) return Promise.reject(new NucleusError('SIGN_IN_REQUIRED', 'somebody has to sign in'));
      token = next;
      return Promise.resolve();
    },
    secrets: () => [token],
  };
  return { authorization, refusals };
}

const good = ({ authorization }: { authorization?: string | undefined }): boolean =>
  authorization === 'Bearer good';
const guarded: Answer = (response, id, message, request) => {
  if (!good(request.headers)) return void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
  return message.method === 'initialize'
    ? json(response, result(id, { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: {} }))
    : json(response, result(id, { content: [{ type: 'text', text: 'hi' }] }));
};

const kinds = {
  http: async (t: TestContext, authorization: Authorization) => {
    const upstream = await startHttpUpstream({ answers: { initialize: guarded, echo: guarded } });
    t.after(() => upstream.close());
    const open = (options: HttpOptions): Transport => openHttp({ ...options, authorization });
    return { ...link(t, upstream.url, open), upstream };
  },
  sse: async (t: TestContext, authorization: Authorization) => {
    const upstream = await startSseUpstream({ isAllowed: good });
    t.after(() => upstream.close());
    const open = (options: HttpOptions): Transport =>
      openSse({ ...options, authorization, messageUrl: null });
    return { ...link(t, upstream.url, open), upstream };
  },
};

for (const [kind, reach] of Object.entries(kinds)) {
  test(`${kind}: a token that is turned down is replaced once, and nobody hears of it`, async (t) => {
    const { authorization, refusals } = createAuthorization('old', 'good');
    const { connection, upstream } = await reach(t, authorization);
    await greet(connection);
    assert.deepEqual(readReply(await call(connection, 'echo')).result?.['content'], [
      { type: 'text', text: 'hi' },
    ]);
    assert.deepEqual(
      refusals.map(({ status, sent, isSecond }) => [status, sent, isSecond]),
      [[401, 'Bearer old', false]],
    );
    const sent = upstream.requests.map(({ headers }) => headers.authorization);
    assert.deepEqual(sent.slice(0, 2), ['Bearer old', 'Bearer good']);
    assert.ok(sent.slice(1).every((header) => header === 'Bearer good'));
  });

  test(`${kind}: one that is turned down again is not replaced for ever`, async (t) => {
    const { authorization, refusals } = createAuthorization('old', 'bad');
    const { connection, upstream } = await reach(t, authorization);
    assert.equal(await failureText(greet(connection)), 'SIGN_IN_REQUIRED: somebody has to sign in');
    assert.deepEqual(
      refusals.map(({ isSecond }) => isSecond),
      [false, true],
    );
    assert.equal(upstream.requests.length, 2);
  });
}
