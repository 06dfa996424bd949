// TEMP until merge
export function createPolicyHandlers({ policies, factsOf }: any): any {
  return {
    handlers: {
      get: () => policies.info(),
      check: ({ text }: any) => policies.check(text),
      test: async (asked: any) => { const facts = await factsOf(asked); const e = policies.explain(facts); return { decision: e.decision.kind, reason: e.decision.reason ?? '', profile: facts.profile, env: facts.env, tool: facts.name, effect: facts.effect, rule: e.decision.rule, trace: e.trace, version: e.version }; },
    },
    person: { accept: ({ version }: any) => policies.accept(version), save: ({ text, base }: any) => policies.save(text, base) },
  };
}
