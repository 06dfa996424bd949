import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { NucleusError } from '../../../../src-shared/errors.ts';
import type { Clock } from '../../platform.ts';
import type { NewOld } from '../../wire/eras/new-old.ts';
import type { Params } from '../../wire/frame.ts';
import type { Peer } from '../../wire/peer.ts';
import { replyOutcome, type Reply } from '../../wire/reply.ts';
import { membersOf } from '../../wire/splice.ts';
import type { Comparer } from '../compare/comparer.ts';
import { errorReply, resultOf, type Call, type Dispatch } from '../dispatch.ts';
import { planReply } from '../plan-answer.ts';
import { previewPlan, type Foreseen, type PlanPreview } from '../plan-preview.ts';
import { runPlan, type CallStep } from '../plan-run.ts';
import { planLimits, readPlan, type LookUp, type Plan, type Step } from '../plan.ts';
import type { Route } from '../route.ts';
import type { View } from '../view.ts';
import { helpFor } from './call.ts';
import { noAccount, ownResult, type OwnTool } from './own-tool.ts';

const step = {
  type: 'object',
  properties: { name: { type: 'string' }, arguments: { type: 'object' } },
  required: ['name'],
} as const;

const inputSchema = {
  type: 'object',
  properties: {
    steps: { type: 'array', maxItems: planLimits.steps, items: step },
    shared_arguments: { type: 'object', description: 'Arguments of every step; a step’s own win' },
    parallelism: { type: 'integer', minimum: 1, maximum: planLimits.parallelism, default: 4 },
    timeout_ms: { type: 'integer', description: 'Limit of each step, default 60000' },
    compare: { type: 'boolean', description: 'Add what differs from the first step’s profile' },
    compare_base: { type: 'string', description: 'Profile to compare with instead' },
    dry_run: { type: 'boolean', description: 'Say what would happen, call nothing' },
  },
  required: ['steps'],
} as const;

export interface PlanDeps {
  readonly clock: Clock;
  readonly comparer: Pick<Comparer, 'compare'>;
  /** Lets clients that are asked by an answer be asked by all steps at once. */
  readonly newOld: Pick<NewOld, 'carry'>;
  settle(view: View): Promise<void>;
  /** Bytes that a client takes in one message. */
  readonly maxBytes: number;
  /** What would become of a call, asking nobody and touching nothing. */
  foresee(call: Call): Promise<Pick<Foreseen, 'decision' | 'reason'>>;
}

interface Target {
  readonly route: Route;
  readonly arguments: Params;
}

/** `nucleus_call_plan`: several calls at once, on one account or several, and what differs between their results. */
export function createPlanTool(deps: PlanDeps): OwnTool {
  return {
    name: 'nucleus_call_plan',
    define: () => ({
      description:
        'Calls several tools in parallel, such as one tool on several accounts, and returns all results in order. One step that fails leaves the others alone.',
      inputSchema,
      annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
    }),
    async run(args, call, view, dispatch) {
      if (view().missing().length > 0) await deps.settle(view());
      const targets: Target[] = [];
      const plan = readPlan(args, (one) => lookUp(one, view(), targets));
      if ('error' in plan) return errorReply(new NucleusError('ARGUMENTS_INVALID', plan.error));
      const id = randomUUID();
      const callOf = ({ index, name }: Step): Call => {
        const { route, arguments: given } = targets[index] as Target;
        const step = { plan: { id, step: index }, via: 'nucleus_call_plan' } as const;
        return { ...call, ...step, route, params: { name, arguments: given } };
      };
      if (plan.isDryRun) {
        const foreseen = await Promise.all(plan.steps.map((one) => foresee(callOf(one))));
        return preview(previewPlan(plan, foreseen));
      }
      return carry(plan, call, callOf, dispatch);
    },
  };

  async function foresee(call: Call): Promise<Foreseen> {
    return { tool: call.route.name, ...(await deps.foresee(call)) };
  }

  /**
   * A client of the modern era is asked by an answer, and asks again with what it says. To its steps it is then a
   * client that is asked at once: what several of them ask is gathered, and none of them runs twice.
   */
  function carry(plan: Plan, call: Call, callOf: (step: Step) => Call, dispatch: Dispatch): Promise<Reply> {
    const { principal, params, peer, signal, onProgress } = call;
    const run: Parameters<NewOld['carry']>[0]['start'] = async (_params, asked, ending, relay) => {
      const callStep: CallStep = async (one, options) => {
        const whole = callOf(one);
        const asker = asked && labelled(asked, whole.route);
        const answer = await dispatch({ ...whole, ...options, peer: asker });
        return { result: await resultJson(answer), isError: replyOutcome(answer) === 'tool-error' };
      };
      const { clock, comparer, maxBytes } = deps;
      const options = { clock, signal: ending, onProgress: relay, compare: comparer.compare };
      return planReply(await runPlan(plan, callStep, options), maxBytes);
    };
    if (peer?.era !== 'modern') return run(params, peer, signal, onProgress);
    return deps.newOld.carry({
      start: run,
      method: 'tools/call',
      params,
      principal,
      profile: noAccount.profile,
      peer,
      signal,
      onProgress,
    });
  }
}

/** The account a step leads to; where, is kept by the step's place. */
function lookUp(
  { index, name, arguments: args }: Pick<Step, 'index' | 'name' | 'arguments'>,
  view: View,
  targets: Target[],
): ReturnType<LookUp> {
  const route = view.find('tool', name);
  if (!route || route.binding === noAccount) return { help: helpFor(name, view) };
  const chosen = route.choose ? route.choose(args) : { route, arguments: args };
  if (chosen instanceof NucleusError) return { problem: chosen.message };
  targets[index] = chosen;
  return { profile: chosen.route.binding.profile };
}

/** Of several accounts that ask at once a person must know which is which. */
function labelled(peer: Peer, { binding }: Route): Peer {
  return {
    ...peer,
    era: 'legacy',
    capabilities: peer.capabilities,
    ask(request) {
      const { method, params } = request;
      const message = params?.['message'];
      if (method !== 'elicitation/create' || typeof message !== 'string') return peer.ask(request);
      const said = `[${binding.connector}/${binding.alias}] ${message}`;
      return peer.ask({ ...request, params: { ...params, message: said } });
    },
  };
}

function preview(foreseen: PlanPreview): Reply {
  return ownResult(JSON.stringify(foreseen), { ...foreseen });
}

/**
 * The result of a reply as JSON, byte for byte where that came from an upstream. Throws as `resultOf` does. Finding its
 * end takes as long as parsing it did, so a large one has a turn of its own.
 */
async function resultJson(reply: Reply): Promise<Uint8Array> {
  if (reply.kind === 'raw' && reply.outcome !== 'error') {
    const { line } = reply;
    if (line.length > largeBytes) await turn();
    const result = membersOf(line, line.indexOf('{')).findLast(({ key }) => key === 'result');
    if (result) return line.subarray(result.value, result.end);
  }
  return Buffer.from(JSON.stringify(resultOf(reply)));
}

const largeBytes = 256 * 1024;
