import type { Handlers, Probe } from '../../../src-shared/contract.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Choice, Profile } from '../../../src-shared/model.ts';
import type { Params } from '../wire/frame.ts';
import type { Ask, Asking } from './asking.ts';
import type { Connectors } from './connectors.ts';
import type { Manifest } from './manifest.ts';
import type { DiscoverRule } from './rule-schema.ts';
import { expand, holesOf } from './template.ts';
import { readChoices } from './tool-answer.ts';

/** More lists than this are not put together. */
const maxLists = 20;

/** Lists what a profile can be limited to, as its own server tells it, and limits it. */
export function createPickers(deps: {
  readonly profile: (id: string) => Profile;
  readonly connectors: Pick<Connectors, 'of'>;
  readonly asking: Asking;
  /** Stores the fields, empty ones as none, and reaches the server anew. */
  readonly setMetadata: (id: string, fields: Readonly<Record<string, string>>) => Promise<Profile>;
  readonly probe: (id: string) => Promise<Probe>;
}): Pick<Handlers['profiles'], 'choices' | 'pick'> {
  function ruleOf(id: string, field: string): { profile: Profile; manifest: Manifest; rule: DiscoverRule } {
    const profile = deps.profile(id);
    const manifest = profile.launch ? null : deps.connectors.of(profile);
    const rule = manifest?.discover.find((one) => one.field === field);
    if (manifest && rule) return { profile, manifest, rule };
    throw new NucleusError(
      'ARGUMENTS_INVALID',
      `the choices for "${field}" of ${id} cannot be listed; give it with nucleus add ${profile.connector} ${profile.name} --replace --metadata ${field}=VALUE`,
      { profile: id },
    );
  }

  async function list(ask: Ask, profile: Profile, rule: DiscoverRule): Promise<Choice[]> {
    const args = argumentsOf(rule, profile);
    const found = readChoices(await ask(rule.tool, args), rule);
    if (!rule.per) return found;
    const { tool, argument, ...inner } = rule.per;
    const parents = readChoices(await ask(tool, {}), {
      ...inner,
      label: inner.id,
      hints: [],
      hide_hint: [],
    });
    for (const { id } of parents.slice(0, maxLists))
      found.push(...readChoices(await ask(rule.tool, { ...args, [argument]: id }), rule));
    return found.filter(({ id }, index) => found.findIndex((other) => other.id === id) === index);
  }

  return {
    async choices({ id, field }, { signal }) {
      const { profile, manifest, rule } = ruleOf(id, field);
      const isNarrowed = manifest.narrowing.some((key) => profile.metadata[key]);
      const isBase = rule.scope === 'base' && isNarrowed;
      const choices = await deps.asking(profile, { isBase, signIn: null }, signal, (ask) =>
        list(ask, profile, rule),
      );
      const label = manifest.metadata.find(({ key }) => key === field)?.label ?? field;
      return { field, label, choices, current: profile.metadata[field] ?? null, maySkip: rule.skip };
    },
    async pick({ id, field, value, connect }) {
      const { profile, manifest } = ruleOf(id, field);
      if ((profile.metadata[field] ?? null) !== value) {
        // What was chosen below another organization or account is not there any more.
        const below = manifest.discover.filter((rule) => fieldsIn(rule).includes(field));
        const emptied = Object.fromEntries(below.map((rule) => [rule.field, '']));
        await deps.setMetadata(id, { ...emptied, [field]: value ?? '' });
      }
      return { profile: deps.profile(id), probe: connect ? await deps.probe(id) : null };
    },
  };
}

function argumentsOf(rule: DiscoverRule, profile: Profile): Params {
  const entries = Object.entries(rule.arguments).map(([name, value]) => {
    if (typeof value !== 'string') return [name, value];
    const whole = expand(value, { metadata: profile.metadata, secrets: {}, readOnly: false });
    if (whole !== null) return [name, whole];
    const first = fieldsIn(rule).find((key) => !profile.metadata[key]) ?? name;
    throw new NucleusError(
      'METADATA_INVALID',
      `choose "${first}" of ${profile.id} first: the choices for "${rule.field}" depend on it`,
      { profile: profile.id, key: first },
    );
  });
  return Object.fromEntries(entries) as Params;
}

/** The metadata fields a rule's arguments are made of. */
function fieldsIn(rule: DiscoverRule): readonly string[] {
  const texts = Object.values(rule.arguments).filter((value) => typeof value === 'string');
  return texts
    .flatMap((text) => holesOf(text))
    .flatMap((hole) => (hole.kind === 'metadata' ? [hole.key] : []));
}
