import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { linesOf, readSet, verdictOf } from './audit-log.ts';
import { attach, startGateway } from './client.ts';
import { createFake } from './fake.ts';
import type { Home, Scope } from './home.ts';
import { nucleusOk } from './nucleus.ts';
import { gone, kill } from './processes.ts';

export interface KillRun {
  /** Answers that came to a client. */
  readonly answered: number;
  /** Of these, calls that have no line of their own. */
  readonly withoutLine: number;
  /** Lines of calls whose end nobody saw. */
  readonly unknown: number;
}

const inFlight = 8;

/**
 * Kills a real gateway again and again while a client calls as fast as it can, and fails where an answer the client
 * had left nothing in the audit log: its line, or one that says its end is unknown.
 */
export async function killUnderLoad(scope: Scope, home: Home, kills: number): Promise<KillRun> {
  const env = { NUCLEUSMCP_AUDIT_FULL_ARGS: '1' };
  const fake = createFake(home, 'x');
  const answered = new Set<string>();
  const sent = new Set<string>();
  /** Lines of calls by their own text; those of unknown end have none. */
  const known = new Map<string, number>();
  const unknown = new Set<number>();
  const collect = (): void => {
    for (const { seq, record } of linesOf(readSet(home.state))) {
      const text = (record['args'] as { text?: string } | undefined)?.text;
      if (record['outcome'] === 'unknown') unknown.add(seq as number);
      if (text === undefined) continue;
      assert.equal(known.get(text) ?? seq, seq, `${text} has two lines`);
      known.set(text, seq as number);
    }
  };

  for (let round = 0; round < kills; round += 1) {
    const gateway = await startGateway(scope, home, env);
    if (round === 0) await gateway.add(fake);
    const client = await attach(scope, home);
    await client.initialize();
    const work = async (worker: number): Promise<void> => {
      for (let n = 0; ; n += 1) {
        const text = `${round}-${worker}-${n}`;
        sent.add(text);
        await client.call('fake_x_echo', { text });
        answered.add(text);
      }
    };
    const workers = Array.from({ length: inFlight }, (_, worker) => work(worker).catch(() => null));
    await wait(randomInt(20, 400));
    kill(gateway.pid);
    await gone(gateway.pid);
    await Promise.all(workers);
    collect();
  }
  await startGateway(scope, home, env);
  await nucleusOk(home, ['stop']);
  collect();

  const { state, problem, from, to, lines } = await verdictOf(home.state);
  assert.equal(state, 'intact', JSON.stringify(problem));
  assert.equal(lines, (to ?? 0) - (from ?? 0) + 1);
  for (const text of known.keys()) assert.ok(sent.has(text));
  const withoutLine = [...answered].filter((text) => !known.has(text)).length;
  assert.ok(withoutLine <= unknown.size, `${withoutLine} answers without a line, ${unknown.size} unknown`);
  assert.ok(known.size + unknown.size <= sent.size, 'no call has two lines');
  return { answered: answered.size, withoutLine, unknown: unknown.size };
}
