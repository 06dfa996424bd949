import { isObject, type Params } from '../wire/frame.ts';
import { metaKeys, supportedVersions } from '../wire/modern.ts';
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

/** The same in answer to server/discover (MCP 2026-07-28, server/discover), whichever of both an upstream was asked. */
export function discovery(view: View, version: string): Params {
  const { protocolVersion, serverInfo, capabilities, _meta: meta, ...rest } = greeting(view, version);
  const offers = isObject(capabilities) ? capabilities : {};
  // Tasks of 2025-11-25 are others than those of today, which are an extension.
  const { tasks: _tasks, ...lasting } = offers;
  return {
    ...rest,
    resultType: 'complete',
    supportedVersions,
    capabilities: protocolVersion === undefined ? offers : lasting,
    ttlMs: 0,
    cacheScope: 'private',
    _meta: {
      ...(isObject(meta) && meta),
      ...(serverInfo !== undefined && { [metaKeys.serverInfo]: serverInfo }),
    },
  };
}

function offered(names: readonly ('tools' | 'prompts' | 'resources')[]): Params {
  return Object.fromEntries(names.map((name) => [name, { listChanged: true }]));
}
