import type { AuditVerification } from '../../src-shared/audit.ts';
import { openAuditFiles } from '../gateway/audit/files.ts';
import { verifyAudit } from '../gateway/audit/verify.ts';
import { withApi } from './api.ts';
import type { Context } from './context.ts';
import { print, printJson, visible } from './output.ts';

/**
 * Whether any line of the log was changed; the exit code is 1 where one was. The gateway knows what the vault vouches
 * for; of any other log than its own, named by `path`, only the chain can be checked.
 */
export async function verifyLog(context: Context, path: string | null): Promise<number> {
  const found = path === null ? await askGateway(context) : await verifyFile(path);
  if (context.json) printJson(context, found);
  else print(context, visible(describeVerification(found)));
  return found.state === 'broken' ? 1 : 0;
}

async function askGateway(context: Context): Promise<AuditVerification> {
  return withApi(context, ({ api }) => api.audit.verify({}));
}

async function verifyFile(path: string): Promise<AuditVerification> {
  const opened = await openAuditFiles(path);
  try {
    return await verifyAudit(opened, { state: 'none' });
  } finally {
    await opened.close();
  }
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
  const place = [file, ...(!line ? [] : [`line ${line}`]), ...(!seq ? [] : [`number ${seq}`])];
  return `${place.join(', ')}: ${what}`;
}

function describeSeal({ sealedTo, to }: AuditVerification): string {
  if (sealedTo === null)
    return 'Not sealed: without the vault, one who writes the whole chain anew is not noticed.';
  if (sealedTo === to) return 'All of it is sealed by the vault.';
  return `Sealed by the vault up to number ${sealedTo}; the lines behind that are minutes old.`;
}
