import { errorTable, toNucleusError } from '../../src-shared/errors.ts';
import { visible } from './output.ts';

/** Says on stderr what failed, in words or as JSON, and answers the exit code that belongs to it. */
export function reportError(
  thrown: unknown,
  to: { readonly json: boolean; readonly stderr: { write(text: string): unknown } },
): number {
  const error = toNucleusError(thrown);
  if (to.json) {
    to.stderr.write(`${JSON.stringify({ error: { code: error.code, message: error.message } })}\n`);
  } else {
    to.stderr.write(`Error: ${visible(error.message)}\n`);
  }
  return errorTable[error.code].exit;
}
