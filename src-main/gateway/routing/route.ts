import type { NucleusError } from '../../../src-shared/errors.ts';
import type { Params } from '../wire/frame.ts';
import type { Reply } from '../wire/reply.ts';
import type { Call, Dispatch } from './dispatch.ts';

/** One entry of a view: a profile under the name it has there. */
export interface Binding {
  readonly profile: string;
  readonly connector: string;
  readonly alias: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The account of its connector that is meant when none is named. */
  readonly isDefault?: boolean;
  /** A person's remark, shown in every description. */
  readonly note?: string | undefined;
}

/** Where an exposed name or URI leads. */
export interface Route {
  readonly binding: Binding;
  /** The upstream's own name or URI. */
  readonly name: string;
  /** The upstream says of the tool that it only reads. */
  readonly isReadOnly?: boolean;
  /** For one tool of several accounts: the account its arguments name, and what that takes. */
  readonly choose?: (args: Params) => { readonly route: Route; readonly arguments: Params } | NucleusError;
  /** For a tool of our own: what it does. What it calls goes down the road it is handed. */
  readonly own?: (call: Call, dispatch: Dispatch) => Promise<Reply>;
}

const scheme = 'nucleus://';
/** Hosts of MCP Apps take a page of no other scheme than this (ext-apps, "UI Resource Format"). */
const uiScheme = 'ui://';
const heads = { plain: scheme, ui: `${uiScheme}nucleus/` } as const;

/**
 * The URI under which a client sees a resource of a profile: `nucleus://<connector>/<alias>/<URI>`, the upstream's own
 * appended as it is. Two profiles that offer the same URI stay apart, and what a client fills into a template
 * (RFC 6570) reaches the upstream as it filled it in. A page of an app keeps its scheme: `ui://nucleus/<connector>/…`.
 */
export function exposedUri(binding: Binding, uri: string): string {
  const head = uri.startsWith(uiScheme) ? heads.ui : heads.plain;
  return `${head}${encodeURIComponent(binding.connector)}/${encodeURIComponent(binding.alias)}/${uri}`;
}

/** The parts of an exposed URI, or null for any other URI. */
export function parseExposedUri(uri: string): { connector: string; alias: string; uri: string } | null {
  const [, connector, alias, own] =
    /^(?:nucleus:\/\/|ui:\/\/nucleus\/)([^/]+)\/([^/]+)\/(.+)$/s.exec(uri) ?? [];
  if (!connector || !alias || !own) return null;
  try {
    return { connector: decodeURIComponent(connector), alias: decodeURIComponent(alias), uri: own };
  } catch {
    // Not one of ours: ours decode.
    return null;
  }
}
