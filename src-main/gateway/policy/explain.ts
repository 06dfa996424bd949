import type { TraceLine } from '../../../src-shared/policy.ts';
import { readCall, type Call } from './call.ts';
import { hitOf } from './decide.ts';
import type { Facts } from './decision.ts';
import { fitOf, fits, type CompiledPolicy, type CompiledRule } from './rules.ts';

/** Of every rule, whether it fits a call and what it does to it, or why it does not. */
export function traceOf({ rules, defaults }: CompiledPolicy, facts: Facts): TraceLine[] {
  const call = readCall(facts);
  const lines = rules.map((rule) => lineOf(rule, call));
  const isExempt = rules.some((rule) => {
    const fit = fitOf(rule, call);
    return fit !== fits.no && hitOf(rule, fit, call).exempts;
  });
  return [...lines, ...defaults.map((rule) => lineOfDefault(rule, call, isExempt))];
}

function lineOf(rule: CompiledRule, call: Call): TraceLine {
  const missing = missingIn(rule, call);
  const line = (hit: boolean, text: string): TraceLine => ({
    rule: rule.number,
    hit,
    text: `Rule ${rule.number} ${text}`,
  });
  if (missing !== null) return line(false, `does not fit: ${missing}.`);
  const fit = fitOf(rule, call);
  const { denies, asks, confirms, exempts } = hitOf(rule, fit, call);
  const does = [
    ...(denies === null ? [] : [`denies it by "${denies}"`]),
    ...(asks ? ["needs a person's yes"] : []),
    ...(confirms ? ['needs its phrase'] : []),
    ...(exempts ? ['exempts it from the rules of its class'] : []),
  ];
  if (does.length > 0) return line(true, `fits and ${does.join(', ')}.`);
  if (call.facts.kind === 'other')
    return line(false, 'does not fit: of such a request only deny counts, and approve where it writes.');
  if (rule.allow.length > 0 && fit !== fits.surely)
    return line(false, 'does not fit: nothing is allowed for an alias or a name that clients choose.');
  return line(false, 'does not fit: the tool is not in its lists.');
}

function lineOfDefault(rule: CompiledRule, call: Call, isExempt: boolean): TraceLine {
  const missing = missingIn(rule, call);
  const { number } = rule;
  const name = `Rule ${number} (of the class)`;
  if (missing !== null) return { rule: number, hit: false, text: `${name} does not fit: ${missing}.` };
  if (isExempt) return { rule: number, hit: false, text: `${name} fits, and an allow exempts from it.` };
  return { rule: number, hit: true, text: `${name} fits and needs a person's yes.` };
}

function missingIn({ conditions }: CompiledRule, call: Call): string | null {
  return conditions.find((condition) => condition.fit(call) === fits.no)?.otherwise ?? null;
}
