import { NucleusError } from '../../../src-shared/errors.ts';

/** A failure during the start, worded as one: nothing ran yet, so nothing is unknown. */
export function startError(profile: string, error: NucleusError, stderr: string): NucleusError {
  if (error.code === 'UPSTREAM_TIMEOUT')
    return new NucleusError(
      'UPSTREAM_TIMEOUT',
      `the server of ${profile} is there but did not answer initialize in time${said(stderr)}; check it with nucleus info ${profile}, or raise upstream.connect_timeout`,
      { profile },
    );
  const { reason } = error.data;
  if (error.code !== 'UPSTREAM_EXITED' || typeof reason !== 'string') return error;
  return new NucleusError(
    'UPSTREAM_EXITED',
    `the server of ${profile} ${reason} before it answered initialize${said(stderr)}; check it with nucleus info ${profile}`,
    { profile },
  );
}

export function said(stderr: string): string {
  const line = stderr.trim().split('\n').at(-1)?.trim();
  return line ? ` (it last said: ${line.slice(0, 200)})` : '';
}

export function stoppedError(profile: string): NucleusError {
  return new NucleusError('UPSTREAM_EXITED', `${profile} was stopped while it started`, { profile });
}
