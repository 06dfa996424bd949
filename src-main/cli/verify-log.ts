import type { AuditVerification } from '../../src-shared/audit.ts';
import { withApi } from './api.ts';
import type { Context } from './context.ts';
import { print, printJson, visible } from './output.ts';

/** Whether any line of the log was changed; the exit code is 1 where one was. */
export async function verifyLog(context: Context, _path: string | null): Promise<number> {
  const verification = await withApi(context, ({ api }) => api.audit.verify({}));
  if (context.json) printJson(context, verification);
  else print(context, visible(describeVerification(verification)));
  return verification.state === 'broken' ? 1 : 0;
}

/** What was found, in sentences. */
export function describeVerification(found: AuditVerification): string {
  const { state, problem } = found;
  if (state === 'empty') return 'Nothing is recorded yet.';
  const lines = [
    state === 'intact'
      ? `Intact: ${found.lines} lines, numbers ${found.from} to ${found.to}, each as it was written.`
      : `Broken: ${describeProblem(problem)}`,
  ];
  if (state === 'intact') lines.push(describeSeal(found));
  if (found.unchained > 0)
    lines.push(
      `${found.unchained} lines are from before the chain; what was changed in them before cannot be told.`,
    );
  return lines.join('\n');
}

function describeProblem(problem: AuditVerification['problem']): string {
  if (!problem) return 'the log is not what was written.';
  const { file, line, seq, what } = problem;
  const place = [
    file,
    ...(line === null ? [] : [`line ${line}`]),
    ...(seq === null ? [] : [`number ${seq}`]),
  ];
  return `${place.join(', ')}: ${what}`;
}

function describeSeal({ sealedTo, to }: AuditVerification): string {
  if (sealedTo === null)
    return 'Not sealed: without the vault, one who writes the whole chain anew is not noticed.';
  if (sealedTo === to) return 'All of it is sealed by the vault.';
  return `Sealed by the vault up to number ${sealedTo}; the lines behind that are minutes old.`;
}
