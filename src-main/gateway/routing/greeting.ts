import { isObject, type Params } from '../wire/frame.ts';
import { metaKeys, supportedVersions, tasksExtension } from '../wire/modern.ts';
import { hasCapability, type Era } from '../wire/peer.ts';
import { eraOf } from './catalog.ts';
import { instructions } from './instructions.ts';
import type { View } from './view.ts';

/** What a client is told in answer to initialize, but for the revision: of the gateway, or of the one upstream it asked for. */
export function greeting(view: View, version: string): Params {
  return greetingFor(view, version, 'legacy');
}

/** The same in answer to server/discover (MCP 2026-07-28, server/discover), whichever of both an upstream was asked. */
export function discovery(view: View, version: string): Params {
  const { protocolVersion: _, serverInfo, _meta: meta, ...rest } = greetingFor(view, version, 'modern');
  return {
    ...rest,
    resultType: 'complete',
    supportedVersions,
    ttlMs: 0,
    cacheScope: 'private',
    _meta: {
      ...(isObject(meta) && meta),
      ...(serverInfo !== undefined && { [metaKeys.serverInfo]: serverInfo }),
    },
  };
}

function greetingFor(view: View, version: string, era: Era): Params {
  const upstream = view.greeting();
  // As it is, what we do not know of included: all its methods are carried through.
  if (upstream) return translated(upstream, era);
  return {
    capabilities: capabilitiesOf(view, era),
    serverInfo: { name: 'nucleus', title: 'Nucleus', version },
    instructions: instructions(view),
  };
}

/** What an upstream said of itself to clients of an era: tasks of one are others than those of the other. */
function translated(upstream: Params, era: Era): Params {
  if (eraOf({ greeting: upstream }) === era) return upstream;
  const { resultType: _, supportedVersions: __, ttlMs: ___, cacheScope: ____, ...rest } = upstream;
  if (!isObject(rest['capabilities'])) return rest;
  const { tasks: _tasks, extensions, ...others } = rest['capabilities'];
  const known = isObject(extensions) ? withoutTasks(extensions) : extensions;
  return { ...rest, capabilities: { ...others, ...(known !== undefined && { extensions: known }) } };
}

/** What the gateway does itself, and what upstreams of the view do that it carries through. */
function capabilitiesOf(view: View, era: Era): Params {
  const declared = view.upstreams().map(({ greeting: own }) => {
    const capabilities = isObject(own['capabilities']) ? own['capabilities'] : {};
    return { capabilities, isSame: eraOf({ greeting: own }) === era };
  });
  const some = (...path: string[]): boolean =>
    declared.some(({ capabilities }) => hasCapability(capabilities, path));
  const someOfEra = (...path: string[]): boolean =>
    declared.some(({ capabilities, isSame }) => isSame && hasCapability(capabilities, path));
  const extensions = union(
    declared.map(({ capabilities: { extensions: own }, isSame }) =>
      isObject(own) && !isSame ? withoutTasks(own) : own,
    ),
  );
  const experimental = union(declared.map(({ capabilities }) => capabilities['experimental']));
  const listChanged = { listChanged: true };
  return {
    tools: listChanged,
    prompts: listChanged,
    resources: { ...listChanged, ...(some('resources', 'subscribe') && { subscribe: true }) },
    logging: {},
    completions: {},
    ...(era === 'legacy' &&
      someOfEra('tasks', 'requests', 'tools', 'call') && {
        tasks: {
          list: {},
          ...(someOfEra('tasks', 'cancel') && { cancel: {} }),
          requests: { tools: { call: {} } },
        },
      }),
    ...(Object.keys(extensions).length > 0 && { extensions }),
    ...(Object.keys(experimental).length > 0 && { experimental }),
  };
}

function withoutTasks(extensions: Params): Params {
  const { [tasksExtension]: _, ...others } = extensions;
  return others;
}

const maxUnion = 100;
const maxSettings = 10_000;

/** What several upstreams declare, by name; of two that say it differently the first is told. */
function union(declared: readonly unknown[]): Params {
  const entries = declared
    .filter(isObject)
    .flatMap((own) => Object.entries(own))
    .filter(([, settings]) => JSON.stringify(settings).length <= maxSettings);
  return Object.fromEntries(entries.slice(0, maxUnion).reverse());
}
