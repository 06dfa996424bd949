import type { Finding } from '../../../src-shared/doctor.ts';
import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { Context } from '../context.ts';
import { note, printJson, visible } from '../output.ts';
import { withProgress } from '../progress.ts';
import type { CommandSpec } from '../program.ts';

export type DoctorOptions = {
  readonly strict?: boolean;
  readonly fix?: boolean;
  readonly probe?: boolean | string;
};

const markers = { ok: '[ ok ]', warn: '[warn]', fail: '[fail]' } as const;

/** `nucleus doctor`: looks at everything a person relies on, and changes nothing unless `--fix` is said. */
export const doctor: CommandSpec = {
  define(command) {
    command
      .option('--strict', 'exit with 1 on warnings too')
      .option(
        '--probe [url]',
        'start and reach the server of each profile; with an address, look whether an MCP server answers there',
      )
      .option('--fix', 'mend what can be mended safely, then look again');
  },
  async run(context, _args, options: DoctorOptions) {
    const url = typeof options.probe === 'string' ? readUrl(options.probe) : null;
    const findings = await withProgress(
      context,
      'Looking at the installation …',
      examine(context, { url, probe: options.probe === true, fix: options.fix === true }),
    );
    if (context.json) printJson(context, findings);
    else for (const finding of findings) say(context, finding);
    const bad = options.strict === true ? ['warn', 'fail'] : ['fail'];
    return findings.some(({ level }) => bad.includes(level)) ? 1 : 0;
  },
};

async function examine(
  context: Context,
  { url, probe, fix }: { readonly url: URL | null; readonly probe: boolean; readonly fix: boolean },
): Promise<readonly Finding[]> {
  const { createVisit } = await import('../doctor-visit.ts');
  const { worstFirst } = await import('../../gateway/doctor/examine.ts');
  const visit = createVisit(context, new AbortController().signal);
  if (fix)
    for (const finding of await visit.examine({ probe: false })) await mend(context, visit.fix, finding);
  const findings = await visit.examine({ probe });
  if (url === null) return findings;
  const { probeUrl } = await import('../../gateway/doctor/probe-url.ts');
  return worstFirst([await probeUrl(url, context.version), ...findings]);
}

/** Says on stderr what was done; what could not be done is still there at the second look. */
async function mend(
  context: Context,
  fix: (finding: Finding) => Promise<Finding | null>,
  finding: Finding,
): Promise<void> {
  if (!finding.isFixable) return;
  try {
    const left = await fix(finding);
    if (left === null || left.level === 'ok') note(context, `mended: ${visible(finding.message)}`);
  } catch (error) {
    note(
      context,
      `not mended: ${visible(finding.message)}\n       why: ${visible(toNucleusError(error).message)}`,
    );
  }
}

function say(context: Context, { level, message, fix }: Finding): void {
  note(context, `${markers[level]} ${visible(message)}`);
  if (fix !== null) note(context, `       fix: ${visible(fix)}`);
}

function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new NucleusError(
    'USAGE',
    `--probe takes an address that starts with http:// or https://, not ${text}`,
  );
}
