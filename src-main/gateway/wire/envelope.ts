import { isObject, type Params } from './frame.ts';
import { metaKeys, modernRevision, tasksExtension } from './modern.ts';
import type { Peer } from './peer.ts';

/** Parameters with what each request of the modern era says of its client (MCP 2026-07-28, basic, "_meta"). */
export function withEnvelope(params: Params | undefined, clientInfo: Params, peer: Peer | undefined): Params {
  const meta = isObject(params?.['_meta']) ? params['_meta'] : {};
  return {
    ...params,
    _meta: {
      ...meta,
      [metaKeys.protocolVersion]: modernRevision,
      [metaKeys.clientInfo]: clientInfo,
      [metaKeys.clientCapabilities]: peer ? capabilitiesOf(peer) : {},
      ...(peer?.logLevel && { [metaKeys.logLevel]: peer.logLevel }),
    },
  };
}

/** What may be asked of a client; tasks of the legacy era mean something else in the modern one. */
function capabilitiesOf({ era, capabilities }: Peer): Params {
  if (era === 'modern') return capabilities;
  const { tasks: _, ...others } = capabilities;
  const { extensions } = others;
  if (!isObject(extensions) || !(tasksExtension in extensions)) return others;
  const { [tasksExtension]: __, ...known } = extensions;
  return { ...others, extensions: known };
}
