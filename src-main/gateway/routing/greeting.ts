import type { Params } from '../wire/frame.ts';
import { instructions } from './instructions.ts';
import type { View } from './view.ts';

/** What a client is told in answer to initialize, but for the revision: of the gateway, or of the one upstream it asked for. */
export function greeting(view: View, version: string): Params {
  const upstream = view.greeting();
  if (!upstream)
    return {
      capabilities: { ...offered(['tools', 'prompts', 'resources']), logging: {}, completions: {} },
      serverInfo: { name: 'nucleus', title: 'Nucleus', version },
      instructions: instructions(view),
    };
  // As it is, what we do not know of included: all its methods are carried through.
  return upstream;
}

function offered(names: readonly ('tools' | 'prompts' | 'resources')[]): Params {
  return Object.fromEntries(names.map((name) => [name, { listChanged: true }]));
}
