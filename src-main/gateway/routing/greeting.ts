import type { Params } from '../wire/frame.ts';
import { instructions } from './instructions.ts';
import type { View } from './view.ts';

/** What a client is told in answer to initialize, but for the revision: of the gateway, or of the one upstream it asked for. */
export function greeting(view: View, version: string): Params {
  const upstream = view.greeting();
  if (!upstream)
    return {
      capabilities: offered(['tools', 'prompts', 'resources']),
      serverInfo: { name: 'nucleus', title: 'Nucleus', version },
      instructions: instructions(view),
    };
  const declared = upstream['capabilities'] as Params | undefined;
  return {
    ...upstream,
    // Promised is what the gateway carries through; that the lists change it tells on its own.
    capabilities: offered(
      (['tools', 'prompts', 'resources'] as const).filter((name) => declared?.[name] !== undefined),
    ),
  };
}

function offered(names: readonly ('tools' | 'prompts' | 'resources')[]): Params {
  return Object.fromEntries(names.map((name) => [name, { listChanged: true }]));
}
