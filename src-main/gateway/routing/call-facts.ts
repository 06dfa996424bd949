import type { EnvClass } from '../../../src-shared/policy.ts';
import type { Facts } from '../policy/decision.ts';
import type { Effects, Judged } from '../policy/effect.ts';
import { confirmKey } from '../policy/sentences.ts';
import { isObject, type Params } from '../wire/frame.ts';
import type { Call } from './dispatch.ts';

/** A phrase is said among the arguments, or where there are none in `_meta`. */
const confirmMeta = 'dev.nucleus/confirm';

/** All that rules judge a call by. `isForeseen`: nothing is started to find it out. */
export function readFacts(
  call: Call,
  deps: { readonly effects: Effects; envOf(profile: string): EnvClass | null },
  isForeseen = false,
): Facts | Promise<Facts> {
  const judged = judge(call, deps.effects, isForeseen);
  return judged instanceof Promise
    ? judged.then((known) => factsOf(call, known, deps.envOf))
    : factsOf(call, judged, deps.envOf);
}

/** The phrase goes no further than here: most tools refuse an argument they do not know. */
export function withoutConfirm({ params }: Call): { readonly said: unknown; readonly params: Params } {
  const { arguments: args, _meta: meta } = params;
  if (isObject(args) && Object.hasOwn(args, confirmKey)) {
    const { [confirmKey]: said, ...rest } = args;
    return { said, params: { ...params, arguments: rest } };
  }
  if (!isObject(meta) || !Object.hasOwn(meta, confirmMeta)) return { said: undefined, params };
  const { [confirmMeta]: said, ...rest } = meta;
  return { said, params: { ...params, _meta: rest } };
}

function judge(call: Call, effects: Effects, isForeseen: boolean): Judged | Promise<Judged> {
  const { kind, method, route, params } = call;
  if (call.isOwnQuestion === true)
    return { effect: { does: 'reads', basis: 'manifest' }, operation: route.name };
  return effects.judge({
    profile: route.binding.profile,
    kind,
    method,
    name: kind === 'other' ? method : route.name,
    arguments: argumentsOf(params),
    isForeseen,
  });
}

function factsOf(
  call: Call,
  { effect, operation }: Judged,
  envOf: (profile: string) => EnvClass | null,
): Facts {
  const { principal, client, kind, method, params, route } = call;
  const { profile, connector, alias } = route.binding;
  return {
    principal,
    client,
    profile,
    connector,
    alias,
    env: envOf(profile),
    kind,
    name: kind === 'other' ? method : route.name,
    operation,
    effect,
    arguments: argumentsOf(params),
  };
}

function argumentsOf(params: Params): Params {
  return isObject(params['arguments']) ? params['arguments'] : {};
}
