import { NucleusError } from '../../src-shared/errors.ts';
import { encode, replaceConfig, type Reading } from '../gateway/hosts/config-text.ts';

const begin = '<!-- nucleus:begin -->';
const end = '<!-- nucleus:end -->';

/** What a model should know to use several accounts well. */
export const claudeMdBlock = `${begin}
## Accounts behind Nucleus

Tools of the MCP server \`nucleus\` act on several accounts of the same service. The name of a tool and the first
line of its description say which account it acts on.

- Choose the account by the task. When it is not clear which one is meant, ask before anything is written.
- Read the tool's own description for its account: names such as \`prod\` mean what they say.
- A tool you miss may be behind \`nucleus_find_tool\`; call what it finds with \`nucleus_call\`. To ask the same of
  several accounts, use \`nucleus_call_plan\`.
- When an answer says that a person has to allow the call or to sign in, tell them and wait. With a ticket, call
  \`nucleus_resume\`; never look for a way around.
${end}`;

export type Written = 'written' | 'same' | 'removed';

/** Puts the block into a file, or takes it out (\`block\` null); all else in it stays byte for byte. */
export function writeClaudeMd(file: string, block: string | null): Written {
  let outcome: Written = 'same';
  replaceConfig(file, (reading) => {
    const before = textOf(file, reading);
    const after = block === null ? without(file, before) : withBlock(file, before, block);
    outcome = after === before ? 'same' : block === null ? 'removed' : 'written';
    if (after === before) return null;
    // A file that held nothing else was ours.
    if (after === '' && reading.state === 'found' && !reading.isLink) return 'remove';
    return encode(after, reading);
  });
  return outcome;
}

function withBlock(file: string, text: string, block: string): string {
  const eol = eolOf(text);
  const lines = block.replaceAll('\n', eol);
  const old = find(file, text);
  if (old) return text.slice(0, old.start) + lines + text.slice(old.end);
  if (text === '') return `${lines}${eol}`;
  // Whether the text ended its last line shows at our end, so that it can be as it was again.
  return text.endsWith('\n') ? `${text}${eol}${lines}${eol}` : `${text}${eol}${eol}${lines}`;
}

function without(file: string, text: string): string {
  const old = find(file, text);
  if (!old) return text;
  const after = text.slice(old.end);
  const before = text.slice(0, old.start);
  if (after === '') return before.replace(/(?:\r?\n){1,2}$/, '');
  return before.replace(/(^|\n)\r?\n$/, '$1') + after.replace(/^\r?\n/, '');
}

function find(file: string, text: string): { readonly start: number; readonly end: number } | null {
  const start = text.indexOf(begin);
  const stop = text.indexOf(end);
  if (start < 0 && stop < 0) return null;
  const isOnce = text.indexOf(begin, start + 1) < 0 && text.indexOf(end, stop + 1) < 0;
  if (start < 0 || stop < start || !isOnce)
    throw new NucleusError(
      'CONFIG_INVALID',
      `${file} holds ${begin} and ${end} other than once and in this order, so it is left alone; mend these lines, then try again`,
    );
  return { start, end: stop + end.length };
}

function textOf(file: string, reading: Reading): string {
  if (reading.state === 'unreadable')
    throw new NucleusError('CONFIG_INVALID', reading.problem, { path: file });
  return reading.state === 'found' ? reading.text : '';
}

function eolOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n';
}
