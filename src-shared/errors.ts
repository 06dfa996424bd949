/** Where a failure is shown: `result` is read by the model (a tool result with isError), `error` is a JSON-RPC error. */
export type Surface = 'result' | 'error';

interface ErrorRow {
  /** JSON-RPC error code. */
  readonly rpc: number;
  /** Exit code of the command line. */
  readonly exit: number;
  readonly surface: Surface;
  /** HTTP status where a request is refused as such; what happens inside a session is told in JSON-RPC under 200. */
  readonly http?: number;
}

/**
 * Every failure Nucleus reports by name, and what each edge makes of it.
 * Exit codes: 1 failed, 2 wrong usage or input, 3 no gateway, 4 no such thing, 5 locked, 6 the upstream failed.
 */
export const errorTable = {
  USAGE: { rpc: -32602, exit: 2, surface: 'error' },
  CONFIG_INVALID: { rpc: -32000, exit: 2, surface: 'error' },
  REQUEST_INVALID: { rpc: -32600, exit: 2, surface: 'error', http: 400 },
  PARSE_FAILED: { rpc: -32700, exit: 2, surface: 'error', http: 400 },
  METHOD_UNKNOWN: { rpc: -32601, exit: 2, surface: 'error', http: 404 },
  ENVELOPE_INVALID: { rpc: -32602, exit: 2, surface: 'error', http: 400 },
  HEADER_MISMATCH: { rpc: -32020, exit: 2, surface: 'error', http: 400 },
  CAPABILITY_MISSING: { rpc: -32021, exit: 2, surface: 'error', http: 400 },
  VERSION_UNSUPPORTED: { rpc: -32022, exit: 2, surface: 'error', http: 400 },
  REQUEST_STATE_INVALID: { rpc: -32602, exit: 2, surface: 'error' },
  CURSOR_INVALID: { rpc: -32602, exit: 2, surface: 'error' },
  ARGUMENTS_INVALID: { rpc: -32602, exit: 2, surface: 'error' },
  NAME_INVALID: { rpc: -32602, exit: 2, surface: 'error' },
  METADATA_INVALID: { rpc: -32602, exit: 2, surface: 'error' },
  SECRET_REQUIRED: { rpc: -32602, exit: 2, surface: 'error' },
  CONNECTOR_INVALID: { rpc: -32602, exit: 2, surface: 'error' },

  PROFILE_UNKNOWN: { rpc: -32602, exit: 4, surface: 'error', http: 404 },
  PROFILE_EXISTS: { rpc: -32602, exit: 1, surface: 'error' },
  CONNECTOR_UNKNOWN: { rpc: -32602, exit: 4, surface: 'error' },
  CLIENT_UNKNOWN: { rpc: -32602, exit: 4, surface: 'error' },
  CLIENT_EXISTS: { rpc: -32602, exit: 1, surface: 'error' },
  WORKSPACE_UNKNOWN: { rpc: -32602, exit: 4, surface: 'error', http: 404 },
  WORKSPACE_EXISTS: { rpc: -32602, exit: 1, surface: 'error' },
  WORKSPACE_IN_USE: { rpc: -32000, exit: 1, surface: 'error' },
  WORKSPACE_FILE: { rpc: -32602, exit: 1, surface: 'error' },
  TERMINAL_UNUSABLE: { rpc: -32000, exit: 1, surface: 'error' },
  CLIENTS_FULL: { rpc: -32000, exit: 1, surface: 'error' },
  TOOL_UNKNOWN: { rpc: -32602, exit: 4, surface: 'error' },
  PROMPT_UNKNOWN: { rpc: -32602, exit: 4, surface: 'error' },
  TASK_UNKNOWN: { rpc: -32602, exit: 4, surface: 'error' },
  RESOURCE_UNKNOWN: { rpc: -32002, exit: 4, surface: 'error' },

  POLICY_DENIED: { rpc: -32000, exit: 6, surface: 'result' },
  AUDIT_UNWRITABLE: { rpc: -32000, exit: 1, surface: 'result' },
  POLICY_INVALID: { rpc: -32000, exit: 2, surface: 'error' },
  IMPORT_CHANGED: { rpc: -32000, exit: 1, surface: 'error' },
  POLICY_CHANGED: { rpc: -32000, exit: 1, surface: 'error' },
  CONFIRM_REQUIRED: { rpc: -32000, exit: 6, surface: 'result' },
  CONFIRM_MISMATCH: { rpc: -32000, exit: 6, surface: 'result' },
  APPROVAL_PENDING: { rpc: -32000, exit: 6, surface: 'result' },
  APPROVAL_REFUSED: { rpc: -32000, exit: 6, surface: 'result' },
  TICKET_UNKNOWN: { rpc: -32602, exit: 4, surface: 'result' },
  LOCKED: { rpc: -32000, exit: 5, surface: 'result' },
  PERSON_REQUIRED: { rpc: -32000, exit: 5, surface: 'error' },
  PIN_WRONG: { rpc: -32000, exit: 5, surface: 'error' },

  UPSTREAM_SPAWN_FAILED: { rpc: -32000, exit: 6, surface: 'result' },
  UPSTREAM_UNREACHABLE: { rpc: -32000, exit: 6, surface: 'result' },
  UPSTREAM_TLS: { rpc: -32000, exit: 6, surface: 'result' },
  UPSTREAM_REFUSED: { rpc: -32000, exit: 5, surface: 'result' },
  UPSTREAM_EXITED: { rpc: -32000, exit: 6, surface: 'result' },
  UPSTREAM_TIMEOUT: { rpc: -32000, exit: 6, surface: 'result' },
  UPSTREAM_RESTING: { rpc: -32000, exit: 6, surface: 'result' },
  UPSTREAM_BUSY: { rpc: -32000, exit: 6, surface: 'result' },
  UPSTREAM_PROTOCOL: { rpc: -32000, exit: 6, surface: 'result' },
  UPSTREAM_ERROR: { rpc: -32000, exit: 6, surface: 'result' },
  UPSTREAM_UNSUPPORTED: { rpc: -32000, exit: 6, surface: 'result' },
  RESULT_TOO_LARGE: { rpc: -32000, exit: 6, surface: 'result' },
  CLIENT_CANNOT: { rpc: -32601, exit: 6, surface: 'error' },
  CALL_CANCELLED: { rpc: -32800, exit: 6, surface: 'error' },

  GATEWAY_UNREACHABLE: { rpc: -32000, exit: 3, surface: 'error' },
  GATEWAY_STOPPED: { rpc: -32000, exit: 3, surface: 'error' },
  GATEWAY_RESTARTED: { rpc: -32000, exit: 3, surface: 'error' },
  GATEWAY_BUSY: { rpc: -32000, exit: 3, surface: 'error' },
  GATEWAY_VERSION: { rpc: -32000, exit: 3, surface: 'error' },

  HOST_REFUSED: { rpc: -32000, exit: 2, surface: 'error', http: 403 },
  ORIGIN_REFUSED: { rpc: -32000, exit: 2, surface: 'error', http: 403 },
  TOKEN_REQUIRED: { rpc: -32000, exit: 5, surface: 'error', http: 401 },
  TOKEN_INVALID: { rpc: -32000, exit: 5, surface: 'error', http: 401 },
  VIEW_REFUSED: { rpc: -32000, exit: 5, surface: 'error', http: 403 },
  PATH_UNKNOWN: { rpc: -32000, exit: 4, surface: 'error', http: 404 },
  SESSION_UNKNOWN: { rpc: -32001, exit: 4, surface: 'error', http: 404 },
  HTTP_METHOD_REFUSED: { rpc: -32000, exit: 2, surface: 'error', http: 405 },
  ACCEPT_REFUSED: { rpc: -32000, exit: 2, surface: 'error', http: 406 },
  BODY_TOO_LARGE: { rpc: -32000, exit: 2, surface: 'error', http: 413 },
  CONTENT_TYPE_REFUSED: { rpc: -32000, exit: 2, surface: 'error', http: 415 },
  SESSIONS_FULL: { rpc: -32000, exit: 3, surface: 'error', http: 503 },
  GATEWAY_CLOSING: { rpc: -32000, exit: 3, surface: 'error', http: 503 },
  ADDRESS_TAKEN: { rpc: -32000, exit: 3, surface: 'error' },

  REGISTRY_NEWER: { rpc: -32000, exit: 1, surface: 'error' },
  REGISTRY_DAMAGED: { rpc: -32000, exit: 1, surface: 'error' },
  REGISTRY_UNWRITABLE: { rpc: -32000, exit: 1, surface: 'error' },
  STATE_UNUSABLE: { rpc: -32000, exit: 1, surface: 'error' },

  VAULT_LOCKED: { rpc: -32000, exit: 5, surface: 'result' },
  SECRET_MISSING: { rpc: -32000, exit: 5, surface: 'result' },
  SIGN_IN_REQUIRED: { rpc: -32000, exit: 5, surface: 'result' },
  SIGN_IN_CANCELLED: { rpc: -32000, exit: 5, surface: 'result' },
  SIGN_IN_FAILED: { rpc: -32000, exit: 5, surface: 'result' },
  CLIENT_ID_REQUIRED: { rpc: -32000, exit: 5, surface: 'result' },
  CONNECTOR_MOVED: { rpc: -32000, exit: 5, surface: 'result' },
  OTHER_ACCOUNT: { rpc: -32000, exit: 5, surface: 'result' },

  INTERNAL: { rpc: -32603, exit: 1, surface: 'error' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/** A failure with a stable code and one sentence: what happened, to which profile, what to do next. Never a secret. */
export class NucleusError extends Error {
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    data: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'NucleusError';
    this.code = code;
    this.data = data;
  }
}

/** Any thrown value as a NucleusError; what we did not foresee becomes INTERNAL with its own message. */
export function toNucleusError(thrown: unknown): NucleusError {
  if (thrown instanceof NucleusError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new NucleusError('INTERNAL', message, {}, { cause: thrown });
}

/** Whether a string is one of our codes; used where an error comes back over a wire. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorTable, code);
}

/** The HTTP status of a request that is refused with this code. */
export function httpStatus(code: ErrorCode): number {
  const row: ErrorRow = errorTable[code];
  return row.http ?? 500;
}
