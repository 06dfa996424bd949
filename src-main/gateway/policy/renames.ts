import { matchesGlob } from '../../../src-shared/glob.ts';
import type { PolicyFile, Rule } from '../../../src-shared/policy.ts';

/** Whether no rule would be milder on a profile under another id than under the one it has: a name is no way around. */
export function keepsRules({ rule: rules }: PolicyFile, from: string, to: string): boolean {
  return rules.every((rule) => {
    const [was, is] = [isAbout(rule, from), isAbout(rule, to)];
    if (was === is) return true;
    const restricts = rule.deny !== undefined || rule.confirm !== undefined || rule.approve !== undefined;
    // One that comes in addition may restrict and not exempt, one that goes may exempt and not restrict.
    return is ? rule.allow === undefined : !restricts;
  });
}

/** By what the rule says of ids; all else is the same for both. */
function isAbout({ match, profile }: Rule, id: string): boolean {
  const [connector = '', name = ''] = id.toLowerCase().split(':');
  const [ofConnector = '', ofName = ''] = (match ?? '*:*').toLowerCase().split(':');
  const fits = (side: string, text: string): boolean => side.trim() === '*' || side.trim() === text;
  if (!fits(ofConnector, connector) || !fits(ofName, name)) return false;
  return profile === undefined || profile.some((pattern) => matchesGlob(pattern, id));
}
