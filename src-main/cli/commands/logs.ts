import { resolve } from 'node:path';
import { Argument } from 'commander';
import { NucleusError } from '../../../src-shared/errors.ts';
import { followAudit } from '../../gateway/audit/follow.ts';
import type { AuditFilter } from '../../gateway/audit/match.ts';
import { readAudit, readAuditTail, type AuditReading } from '../../gateway/audit/read.ts';
import type { Context } from '../context.ts';
import { pause } from '../find-gateway.ts';
import { exportRecords } from '../export-records.ts';
import { note, printAll } from '../output.ts';
import type { CommandSpec } from '../program.ts';
import { momentBefore } from '../moment.ts';
import { escapeJsonControls, renderRecord } from '../render-record.ts';
import { verifyLog } from '../verify-log.ts';

/** How soon a new line is seen. */
const lookMs = 200;

const actions = ['show', 'verify', 'export'] as const;

export type LogsOptions = {
  readonly path?: string;
  readonly last?: string;
  readonly connector?: string;
  readonly alias?: string;
  readonly profile?: string;
  readonly tool?: string;
  readonly client?: string;
  readonly principal?: string;
  readonly outcome?: string;
  readonly decision?: string;
  readonly text?: string;
  readonly since?: string;
  readonly until?: string;
  readonly follow?: boolean;
  readonly showHash?: boolean;
  readonly showArgs?: boolean;
  readonly showPolicy?: boolean;
  readonly format?: string;
  readonly force?: boolean;
};

/** `nucleus logs`: the calls that were made, from the audit log itself. */
export const logs: CommandSpec = {
  define(command) {
    command
      .addArgument(
        new Argument('[action]', 'show, verify (whether any line was changed), or export (into a file)')
          .choices(actions)
          .default('show'),
      )
      .argument('[file]', 'with export: where to, a new file')
      .option('--path <file>', 'another audit log than the one of this state folder')
      .option('-n, --last <count>', 'the last so many that fit; 0 for all (default: 50, with export all)')
      .option('--connector <name>', 'only calls to this connector')
      .option('--alias <name>', 'only calls to this alias')
      .option('--profile <id>', 'only calls to this profile')
      .option('--tool <name>', "only calls of this tool, by the upstream's own name of it")
      .option('--client <name>', 'only calls of this program')
      .option('--principal <name>', 'only calls under this name: a client of nucleus clients, or local')
      .option('--outcome <word>', 'only ok, upstream-error, transport-error, blocked or unknown')
      .option('--decision <word>', 'only allowed, denied, confirm-required or confirm-mismatch')
      .option('--text <words>', 'only calls with each of these words in tool, profile, client or reason')
      .option('--since <when>', 'only calls not older than this: 2h, or a time such as 2026-11-20T14:00')
      .option('--until <when>', 'only calls not newer than this')
      .option('-f, --follow', 'go on with what is called from now on')
      .option('--show-hash', 'show the hash of the arguments')
      .option('--show-args', 'show the arguments where the log has them, else their names')
      .option('--show-policy', 'show which version of the rules judged the call, and the yes it ran on')
      .option('--format <name>', 'with export: jsonl, the lines as they are, or csv (default: jsonl)')
      .option('--force', 'with export: in the place of a file that is there');
  },
  async run(context, [action = 'show', file], options: LogsOptions) {
    const path = options.path === undefined ? context.paths.audit : resolve(context.cwd, options.path);
    const filter = readFilter(options, Date.now());
    const last = readLast(options.last ?? (action === 'export' ? '0' : '50'));
    checkCombination(action, file, options);
    if (action === 'verify') return verifyLog(context, options.path === undefined ? null : path);
    if (action === 'export') {
      const target = resolve(context.cwd, file ?? '');
      const { format = 'jsonl', force = false } = options;
      const records = last === Infinity ? readAudit(path, filter) : tail(path, filter, last);
      return exportRecords(context, records, { target, format, force });
    }
    return (options.follow === true ? follow : show)(context, path, filter, last, options);
  },
};

async function show(
  context: Context,
  path: string,
  filter: AuditFilter,
  last: number,
  options: LogsOptions,
): Promise<number> {
  let malformed = 0;
  let shown = 0;
  const say = async (reading: AuditReading): Promise<void> => {
    malformed += reading.malformed;
    shown += reading.found.length;
    await printAll(
      context,
      reading.found.map((found) => toLine(context, found, options)),
    );
  };
  if (last === Infinity) for await (const reading of readAudit(path, filter)) await say(reading);
  else await say(await readAuditTail(path, filter, last));
  noteMalformed(context, malformed);
  if (shown === 0 && !context.json) note(context, '(no audit entries)');
  return 0;
}

/** What was called and what is called from now on, until the command is ended. */
async function follow(
  context: Context,
  path: string,
  filter: AuditFilter,
  last: number,
  options: LogsOptions,
): Promise<number> {
  const say = async ({ found, malformed }: AuditReading): Promise<void> => {
    await printAll(
      context,
      found.map((one) => toLine(context, one, options)),
    );
    noteMalformed(context, malformed);
  };
  const before = await readAuditTail(path, filter, last, true);
  await say(before);
  const look = async (): Promise<boolean> => pause(lookMs).then(() => context.gone?.aborted !== true);
  for await (const followed of followAudit(path, filter, before.end, look)) {
    if (followed.isGap) note(context, 'note: more was written than is kept; some calls are missing here');
    await say(followed);
  }
  return 0;
}

function noteMalformed(context: Context, lines: number): void {
  if (lines > 0) note(context, `note: ${lines} malformed lines were skipped`);
}

/** The line as it stands in the log where a script reads it; a terminal must not act on what is in it. */
function toLine(
  { json, stdout }: Context,
  { record, text }: AuditReading['found'][number],
  options: LogsOptions,
): string {
  if (json) return stdout.isTTY ? escapeJsonControls(text) : text;
  return renderRecord(record, {
    showHash: options.showHash === true,
    showArgs: options.showArgs === true,
    showPolicy: options.showPolicy === true,
    columns: (stdout.isTTY && stdout.columns) || null,
  });
}

async function* tail(path: string, filter: AuditFilter, last: number): AsyncGenerator<AuditReading> {
  yield await readAuditTail(path, filter, last);
}

function readFilter(options: LogsOptions, now: number): AuditFilter {
  const { connector, alias, profile, tool, client, principal, outcome, decision, text } = options;
  return {
    connector,
    alias,
    profile,
    tool,
    client,
    principal,
    outcome,
    decision,
    text,
    since: options.since === undefined ? undefined : momentBefore('--since', options.since, now),
    until: options.until === undefined ? undefined : momentBefore('--until', options.until, now),
  };
}

/** 0 is all. */
function readLast(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new NucleusError('USAGE', '--last wants a number, 0 for all');
  return Number(text) === 0 ? Infinity : Number(text);
}

function checkCombination(action: string, file: string | undefined, options: LogsOptions): void {
  const wrong = (sentence: string): never => {
    throw new NucleusError('USAGE', sentence);
  };
  const { format, force, follow, until } = options;
  if (action === 'export' && file === undefined) wrong('say where to: nucleus logs export FILE');
  if (action !== 'export' && file !== undefined)
    wrong(`nucleus logs ${action} takes no file; --path names a log`);
  if (action !== 'export' && (format !== undefined || force === true))
    wrong('--format and --force belong to nucleus logs export');
  if (format !== undefined && format !== 'jsonl' && format !== 'csv') wrong('--format is jsonl or csv');
  if (follow === true && action !== 'show') wrong(`nucleus logs ${action} cannot follow`);
  if (follow === true && until !== undefined) wrong('--follow goes on, so --until has no meaning with it');
}
