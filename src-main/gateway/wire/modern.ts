import type { Params } from './frame.ts';

/** The revision of the modern era we speak, and the keys it reserves in `_meta` (MCP 2026-07-28, basic). */
export const modernRevision = '2026-07-28';
/** The versions a client may name in an envelope; older ones are opened with initialize. */
export const supportedVersions: readonly string[] = [modernRevision];

export const metaKeys = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
} as const;

/** The extension by which a call becomes a task (ext-tasks, 2026-07-28). */
export const tasksExtension = 'io.modelcontextprotocol/tasks';

/** Error codes of the modern era; each is answered with HTTP 400. */
export const modernErrors = {
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedVersion: -32022,
} as const;

/** One question an upstream of the modern era puts in an answer instead of a request. */
export interface InputRequest {
  readonly method: string;
  readonly params?: Params;
}
