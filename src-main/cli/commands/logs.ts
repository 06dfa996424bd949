import { resolve } from 'node:path';
import { parseDuration } from '../../../src-shared/duration.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { AuditFilter } from '../../gateway/audit/query.ts';
import { formatAuditLine, readAudit } from '../../gateway/audit/query.ts';
import { note, print } from '../output.ts';
import type { CommandSpec } from '../program.ts';

export type LogsOptions = {
  readonly path?: string;
  readonly last?: string;
  readonly connector?: string;
  readonly alias?: string;
  readonly tool?: string;
  readonly outcome?: string;
  readonly decision?: string;
  readonly since?: string;
  readonly showHash?: boolean;
  readonly showArgs?: boolean;
};

/** `nucleus logs`: the calls that were made, from the audit log itself. */
export const logs: CommandSpec = {
  define(command) {
    command
      .option('--path <file>', 'another audit log than the one of this state folder')
      .option('-n, --last <count>', 'the last so many that fit; 0 for all', '50')
      .option('--connector <name>', 'only calls to this connector')
      .option('--alias <name>', 'only calls to this alias')
      .option('--tool <name>', "only calls of this tool, by the upstream's own name of it")
      .option('--outcome <word>', 'only ok, upstream-error, transport-error or blocked')
      .option('--decision <word>', 'only allowed, denied, confirm-required or confirm-mismatch')
      .option('--since <duration>', 'only calls not older than this, e.g. 2h')
      .option('--show-hash', 'show the hash of the arguments')
      .option('--show-args', 'show the arguments where the log has them, else their names');
  },
  async run(context, _args, options: LogsOptions) {
    const path = options.path === undefined ? context.paths.audit : resolve(context.cwd, options.path);
    const { records, malformed } = await readAudit(path, readFilter(options), Date.now());
    if (malformed > 0) note(context, `note: ${malformed} malformed lines were skipped`);
    // One record a line, so that it can be cut and counted like the log itself.
    if (context.json) for (const record of records) print(context, JSON.stringify(record));
    else if (records.length === 0) note(context, '(no audit entries)');
    else {
      const show = { showHash: options.showHash === true, showArgs: options.showArgs === true };
      print(context, records.map((record) => formatAuditLine(record, show)).join('\n'));
    }
    return 0;
  },
};

function readFilter(options: LogsOptions): AuditFilter {
  const { last = '50', since, connector, alias, tool, outcome, decision } = options;
  if (!/^\d{1,9}$/.test(last)) throw new NucleusError('USAGE', '--last wants a number, 0 for all');
  return {
    last: Number(last),
    ...(since === undefined ? {} : { sinceMs: parseDuration(since) }),
    ...(connector === undefined ? {} : { connector }),
    ...(alias === undefined ? {} : { alias }),
    ...(tool === undefined ? {} : { tool }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(decision === undefined ? {} : { decision }),
  };
}
