import { NucleusError, type ErrorCode } from '../../../src-shared/errors.ts';
import type { Authorization } from './authorization.ts';
import { connectTimeout } from './http-client.ts';
import type { AnswerKind } from './http-answer.ts';

/** What became of a call that failed: it certainly did not run, or nobody knows. */
export type CallOutcome = 'not-run' | 'unknown';

/** The failures of an upstream behind a URL, each in its own words. */
export interface HttpErrors {
  /** No connection came to be, so nothing was sent. */
  unreachable(error: NodeJS.ErrnoException): NucleusError;
  /** The connection broke after the request may have been read. */
  broken(error: NodeJS.ErrnoException): NucleusError;
  /** The stream of the answer ended without it; `after` says what was tried then. */
  cutOff(after?: string): NucleusError;
  /** An answer that is none of MCP; `said` is what the server says about it. */
  answered(
    kind: AnswerKind,
    status: number,
    more: { readonly type?: string; readonly said?: string },
  ): NucleusError;
  busy(status: number, wait: { readonly asked: number; readonly kept: number } | null): NucleusError;
  /** Says it is JSON and is not, or is no answer to what was asked. */
  malformed(isJson: boolean): NucleusError;
  sessionGone(status: number): NucleusError;
  tooLarge(length: number): NucleusError;
  /** Any other failure: a clause that follows `the server of acme:work at https://acme.example`. */
  failure(code: ErrorCode, what: string, data?: Readonly<Record<string, unknown>>): NucleusError;
}

export function createHttpErrors(options: {
  readonly profile: string;
  readonly url: URL;
  /** What an upstream may repeat to us and we to nobody. */
  readonly secrets: readonly string[];
  readonly authorization?: Pick<Authorization, 'secrets'> | undefined;
}): HttpErrors {
  const { profile, url } = options;

  const failure: HttpErrors['failure'] = (code, what, data) =>
    new NucleusError(code, `the server of ${profile} at ${url.origin} ${what}`, { profile, ...data });

  const quote = (said: string | undefined): string => {
    const secrets = [...options.secrets, ...(options.authorization?.secrets() ?? [])];
    const text = secrets.reduce(
      (kept, secret) => (secret === '' ? kept : kept.replaceAll(secret, '…')),
      (said ?? '').replace(/[\p{C}\p{Z}]+/gu, ' ').trim(),
    );
    return text === '' ? '' : `: ${text.slice(0, 200)}`;
  };

  return {
    failure,
    unreachable(error) {
      const [code, detail, what] = reachProblem(error, url);
      return failure(code, what, { detail, outcome: 'not-run' });
    },
    broken(error) {
      const name = error.code ?? error.message;
      if (name.startsWith('HPE_'))
        return failure(
          'UPSTREAM_PROTOCOL',
          `answered with what is not HTTP (${name}); check the URL of the connector`,
          {
            detail: 'not-http',
            outcome: 'unknown',
          },
        );
      return failure(
        'UPSTREAM_EXITED',
        `broke off the connection before it had answered (${name}); whether the call took effect is unknown`,
        { detail: 'reset', outcome: 'unknown', reason: `broke off the connection (${name})` },
      );
    },
    cutOff: (after) =>
      failure(
        'UPSTREAM_EXITED',
        `ended the stream without an answer${after === undefined ? '' : ` and ${after}`}; whether the call took effect is unknown`,
        { detail: 'cut-off', outcome: 'unknown', reason: 'ended the stream' },
      ),
    answered(kind, status, { type = '', said }) {
      const fix = `nucleus ${options.authorization ? 'sign-in' : 'secret'} ${profile}`;
      const [code, what, outcome] = answerProblem(kind, status, type.slice(0, 60), quote(said), fix);
      return failure(code, what, { detail: kind, status, outcome });
    },
    busy(status, wait) {
      const reason = status === 429 ? 'too many requests' : 'not available';
      const again =
        wait === null
          ? 'call again later'
          : `call again in ${seconds(wait.kept)}${wait.kept < wait.asked ? ` (it asked for ${seconds(wait.asked)})` : ''}`;
      return failure('UPSTREAM_BUSY', `asks for patience (HTTP ${status}, ${reason}); ${again}`, {
        detail: 'busy',
        status,
        outcome: status === 429 ? 'not-run' : 'unknown',
        ...(wait && { retryAfterMs: wait.kept }),
      });
    },
    malformed: (isJson) =>
      failure(
        'UPSTREAM_PROTOCOL',
        isJson
          ? 'answered with JSON that does not answer the request; report it to its makers'
          : 'answered with JSON that is broken off or not valid; whether the call took effect is unknown',
        { detail: isJson ? 'other-message' : 'not-json', outcome: 'unknown' },
      ),
    sessionGone: (status) =>
      failure('UPSTREAM_EXITED', `ended the session (HTTP ${status}); call again`, {
        detail: 'session-gone',
        // Only this status says that the session was looked for before anything else.
        outcome: status === 404 ? 'not-run' : 'unknown',
        reason: `ended the session (HTTP ${status})`,
      }),
    tooLarge(length) {
      const size = (length / 1024 / 1024).toFixed(1);
      return new NucleusError(
        'RESULT_TOO_LARGE',
        `the answer of ${profile} passed ${size} MiB, more than upstream.max_frame_mib allows; ask for less, or raise it in config.toml`,
        { profile, bytes: length },
      );
    },
  };
}

function reachProblem(error: NodeJS.ErrnoException, url: URL): readonly [ErrorCode, string, string] {
  const code = error.code ?? '';
  if (code === connectTimeout)
    return [
      'UPSTREAM_UNREACHABLE',
      'connect-timeout',
      'took no connection within 5 s; it is tried again when called',
    ];
  if (code === 'ENOTFOUND' || code.startsWith('EAI_'))
    return [
      'UPSTREAM_UNREACHABLE',
      'dns',
      `cannot be found, ${url.hostname} has no address (${code}); check the URL of the connector and the network`,
    ];
  if (code === 'CERT_HAS_EXPIRED')
    return [
      'UPSTREAM_TLS',
      'certificate-expired',
      `has a certificate that expired (${code}), so nothing was sent; its operator has to renew it`,
    ];
  if (code === 'CERT_NOT_YET_VALID')
    return [
      'UPSTREAM_TLS',
      'certificate-expired',
      `has a certificate that is not valid yet (${code}), so nothing was sent; check the clock of this machine`,
    ];
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return [
      'UPSTREAM_TLS',
      'certificate-host',
      `has a certificate for another name (${code}), so nothing was sent; check the URL of the connector`,
    ];
  if (/SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET|^CERT_/.test(code))
    return [
      'UPSTREAM_TLS',
      'certificate-untrusted',
      `has a certificate this machine does not trust (${code}), so nothing was sent; its operator has to present one that is trusted`,
    ];
  if (/^(EPROTO|ERR_SSL_|ERR_TLS_)/.test(code))
    return [
      'UPSTREAM_TLS',
      'tls',
      `does not speak TLS as it should (${code}); check whether its URL begins with http:// or https://`,
    ];
  const reason = code || error.message;
  return [
    'UPSTREAM_UNREACHABLE',
    code === 'ECONNREFUSED' ? 'refused' : 'network',
    `cannot be reached (${reason}); it is tried again when called`,
  ];
}

function answerProblem(
  kind: AnswerKind,
  status: number,
  type: string,
  said: string,
  fix: string,
): readonly [ErrorCode, string, CallOutcome] {
  if (kind === 'redirect')
    return [
      'UPSTREAM_PROTOCOL',
      `answered with a redirect (HTTP ${status}), which is not followed; correct the URL of the connector`,
      'not-run',
    ];
  if (kind === 'denied')
    return [
      'UPSTREAM_REFUSED',
      `refused the credentials (HTTP ${status}); give others with ${fix}`,
      'not-run',
    ];
  if (kind === 'empty')
    return [
      'UPSTREAM_PROTOCOL',
      `took the request and gave no answer (HTTP ${status}); report it to its makers`,
      'unknown',
    ];
  if (kind === 'page')
    return [
      'UPSTREAM_PROTOCOL',
      `answered HTTP ${status} with ${type} and no MCP message, perhaps a page to sign in; check the URL of the connector`,
      'unknown',
    ];
  if (kind === 'compressed')
    return [
      'UPSTREAM_PROTOCOL',
      'sent its answer compressed, which it was not asked to; report it to its makers',
      'unknown',
    ];
  if (kind === 'failure')
    return [
      'UPSTREAM_PROTOCOL',
      `failed (HTTP ${status}${said}); whether the call took effect is unknown`,
      'unknown',
    ];
  return [
    'UPSTREAM_PROTOCOL',
    `refused the request (HTTP ${status}${said}); check the URL of the connector`,
    'not-run',
  ];
}

function seconds(milliseconds: number): string {
  return `${Math.ceil(milliseconds / 1000)} s`;
}
