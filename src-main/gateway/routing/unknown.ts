import { NucleusError } from '../../../src-shared/errors.ts';
import type { View } from './view.ts';

const codes = { tool: 'TOOL_UNKNOWN', prompt: 'PROMPT_UNKNOWN', resource: 'RESOURCE_UNKNOWN' } as const;
/** Names come from outside and may be as long as a message. */
const shownLength = 120;

/** What is said of a name that leads nowhere: the nearest ones, and which accounts could not be listed. */
export function unknownRoute(kind: keyof typeof codes, name: string, view: View): NucleusError {
  const short = name.length > shownLength ? `${name.slice(0, shownLength)}…` : name;
  const similar = kind === 'resource' ? [] : view.similar(kind, name);
  const hint =
    similar.length > 0 ? `did you mean ${similar.join(', ')}?` : `${kind}s/list shows what there is`;
  const missing = view.missing();
  const unlisted =
    missing.length > 0 ? ` (not listed yet: ${missing.slice(0, 5).join(', ')}; nucleus status says why)` : '';
  return new NucleusError(codes[kind], `unknown ${kind} "${short}"; ${hint}${unlisted}`);
}
