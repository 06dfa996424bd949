import type { PolicyFile, PolicyProblem, Rule } from '../../../src-shared/policy.ts';
import type { KeyPath } from '../config/key-path.ts';
import { matchesGlob } from '../../../src-shared/glob.ts';
import { byPlace, locateIn } from './policy-file.ts';

const maxWarnings = 50;

/** What is allowed to stand in policy.toml and yet is likely not meant. */
export function warningsOf(file: PolicyFile, text: string, profiles: readonly string[]): PolicyProblem[] {
  let locate: ReturnType<typeof locateIn> | null = null;
  const warnings: PolicyProblem[] = [];
  const warn = (path: KeyPath, message: string): void => {
    locate ??= locateIn(text);
    const place = locate(path);
    warnings.push({ severity: 'warning', line: place?.line ?? null, column: place?.column ?? null, message });
  };
  const swallowing = new Map<string, number>();
  for (const [index, rule] of file.rule.entries()) {
    if (warnings.length >= maxWarnings) break;
    const at = (key: string): KeyPath => ['rule', index, key];
    const name = `rule ${index + 1}`;
    const { match, profile } = rule;
    if (match !== undefined && !profiles.some((id) => fitsId(match, id)))
      warn(at('match'), `match "${match}" of ${name} ${matchAdvice(match)}`);
    if (profile && !profiles.some((id) => profile.some((glob) => matchesGlob(glob, id))))
      warn(at('profile'), `profile of ${name} fits no profile there is; nucleus list shows them`);
    if (rule.alias && !match && !profile && !rule.connector && !rule.env)
      warn(
        at('alias'),
        `${name} is about an alias alone, which a client may choose itself; name profiles by match or profile`,
      );
    if (rule.phrase !== undefined && (rule.approve || !rule.confirm?.length))
      warn(at('phrase'), `phrase of ${name} is never asked for; it goes with confirm and without approve`);
    const conditions = conditionsKey(rule);
    const earlier = swallowing.get(everyCall) ?? swallowing.get(conditions);
    if (earlier !== undefined)
      warn(['rule', index], `${name} never counts: rule ${earlier} denies every call it is about`);
    else if (rule.deny?.some((glob) => /^\*+$/.test(glob))) swallowing.set(conditions, index + 1);
  }
  return warnings.toSorted(byPlace);
}

function matchAdvice(match: string): string {
  if (match.split(':').some((side) => side.includes('*') && side.trim() !== '*'))
    return 'fits nothing: * stands for a whole side only; for parts of a name use profile';
  return 'fits no profile there is; if it names an alias, clients may choose those themselves, so name the profile (nucleus list)';
}

function fitsId(match: string, id: string): boolean {
  const wanted = match.toLowerCase().split(':');
  return id
    .toLowerCase()
    .split(':')
    .every((side, index) => wanted[index]?.trim() === '*' || wanted[index]?.trim() === side);
}

function conditionsKey({
  match,
  profile,
  connector,
  alias,
  env,
  effect,
  client,
  arguments: places,
}: Rule): string {
  return JSON.stringify([match?.toLowerCase(), profile, connector, alias, env, effect, client, places]);
}

const everyCall = conditionsKey({});
