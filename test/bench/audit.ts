/* node test/bench/audit.ts: what the audit log costs of processor time per call, on minus off in one run; and how fast it is checked. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAudit, noAudit, type Audit } from '../../src-main/gateway/audit/audit.ts';
import { systemClock } from '../../src-main/gateway/clock.ts';
import { noLimits } from '../../src-main/gateway/policy/limits.ts';
import { createDispatch, type Call } from '../../src-main/gateway/routing/dispatch.ts';
import type { Reply } from '../../src-main/gateway/wire/reply.ts';
import { median } from './machine.ts';

const rounds = 31;
const callsPerSlice = 10_000;
const inFlight = 8;

const folder = mkdtempSync(join(tmpdir(), 'nucleus-audit-bench-'));
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const audit = createAudit({
  path: join(folder, 'audit.log'),
  fullArguments: false,
  clock: systemClock,
  log: silent,
  seals: null,
});
const reply: Reply = { kind: 'made', body: { result: { content: [{ type: 'text', text: 'x' }] } } };

function road(with_: Audit): ReturnType<typeof createDispatch> {
  return createDispatch({
    gate: {
      pass: ({ params }) => ({ kind: 'open', params, version: '0123456789ab', approval: null, effect: 'reads' }),
      foresee: () => Promise.reject(new Error('nothing is foreseen here')),
    },
    limits: noLimits,
    // As an upstream would: the answer comes in a later turn.
    bridge: () => new Promise((resolve) => setImmediate(resolve, reply)),
    audit: with_,
    whenFull: 'refuse-guarded',
    clock: systemClock,
  });
}

const roads = { on: road(audit), off: road(noAudit) };
const binding = { profile: 'supabase:acme-prod', connector: 'supabase', alias: 'acme-prod', metadata: {} };

function callOf(index: number): Call {
  return {
    kind: 'tool',
    method: 'tools/call',
    route: { binding, name: 'execute_sql' },
    params: {
      name: 'supabase_acme-prod_execute_sql',
      arguments: { project_id: 'abcdefghijklmnop', query: `select * from orders where id = ${index}` },
    },
    via: 'direct',
    principal: 'local',
    client: 'claude-code',
  };
}

/** Microseconds of processor time per call. */
async function slice(dispatch: ReturnType<typeof createDispatch>): Promise<number> {
  const before = process.cpuUsage();
  let left = callsPerSlice;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await dispatch(callOf(left));
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  // What was queued last belongs to this slice.
  await new Promise((resolve) => setTimeout(resolve, 12));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / callsPerSlice;
}

const costs: number[] = [];
const offs: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  const isOnFirst = round % 2 === 0;
  const first = await slice(isOnFirst ? roads.on : roads.off);
  const second = await slice(isOnFirst ? roads.off : roads.on);
  // The first ones warm up.
  if (round < 3) continue;
  costs.push(isOnFirst ? first - second : second - first);
  offs.push(isOnFirst ? second : first);
}
const startedAt = performance.now();
const { lines, state } = await audit.verify();
const seconds = (performance.now() - startedAt) / 1_000;
await audit.close();
rmSync(folder, { recursive: true, force: true });
const sorted = costs.toSorted((a, b) => a - b);
const at = (part: number): string => (sorted[Math.floor(part * (sorted.length - 1))] as number).toFixed(2);
console.log(
  `audit: ${median(costs).toFixed(2)} us of processor time per call (quartiles ${at(0.25)} and ${at(0.75)}; the road without it ${median(offs).toFixed(2)})`,
);
console.log(`verify: ${state}, ${lines} lines, ${Math.round(lines / seconds)} lines a second`);
