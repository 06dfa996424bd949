import type { Finding } from '../../../src-shared/doctor.ts';
import { toNucleusError, type ErrorCode } from '../../../src-shared/errors.ts';

interface More {
  readonly subject?: string;
  readonly isFixable?: boolean;
}

/** Nothing is wrong. */
export function ok(check: string, message: string, { subject }: More = {}): Finding {
  return { check, level: 'ok', subject: subject ?? null, message, fix: null, isFixable: false };
}

/** Works, and yet somebody should know. */
export function warn(check: string, message: string, fix: string, more: More = {}): Finding {
  return { ...ok(check, message, more), level: 'warn', fix, isFixable: more.isFixable ?? false };
}

/** Something a person relies on does not work. */
export function fail(check: string, message: string, fix: string, more: More = {}): Finding {
  return { ...warn(check, message, fix, more), level: 'fail' };
}

/** What was thrown, as a finding: its sentence, and the way out where its code has one. */
export function failBy(check: string, thrown: unknown, more: More = {}): Finding {
  const { code, message } = toNucleusError(thrown);
  return fail(check, message, fixOf(code, message), more);
}

/** Sentences end with what to do; where this one does, that is the fix. */
export function fixIn(sentence: string): string | null {
  const at = sentence.lastIndexOf('; ');
  return at === -1 ? null : sentence.slice(at + 2);
}

function fixOf(code: ErrorCode, sentence: string): string {
  return (
    fixes[code] ?? fixIn(sentence) ?? 'run nucleus doctor with NUCLEUS_LOG=debug and report what it says'
  );
}

const fixes: Partial<Record<ErrorCode, string>> = {
  REGISTRY_NEWER: 'use the newer Nucleus that wrote it, or another NUCLEUS_HOME',
  REGISTRY_DAMAGED: 'put a backup in its place, or move it away and add the profiles again',
  REGISTRY_UNWRITABLE: 'make room on the disk, and give the file back to yourself (chown, chmod 600)',
  STATE_UNUSABLE: 'check owner and mode of the state folder, or point NUCLEUS_HOME elsewhere',
  GATEWAY_BUSY: 'wait for the other nucleus command, or end it',
  GATEWAY_VERSION: 'nucleus stop, then nucleus start',
  GATEWAY_UNREACHABLE: 'nucleus stop, then nucleus start',
};
