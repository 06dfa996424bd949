import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  statSync,
} from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Finding } from '../../../src-shared/doctor.ts';
import { openAuditFiles, type AuditFile } from '../audit/files.ts';
import { verifyAudit, type AuditVerdict } from '../audit/verify.ts';
import { onRegistry } from '../storage/sqlite-errors.ts';
import type { Check } from './examine.ts';
import { fail, ok, warn } from './finding.ts';
import type { Inside, Outside } from './scene.ts';

/** Longest look at the log, as a part of all that is waited for; a full one of 60 MiB takes less on most machines. */
const verifyMs = { holder: 2_500, visitor: 12_000 };

/** The databases and the log, as far as their files tell. */
export function recordChecks({ paths, isHolder }: Outside): Check[] {
  return [
    { ids: ['audit-log'], look: () => checkWritable(paths) },
    { ids: ['audit-index'], look: () => checkIndex(paths.auditIndex, isHolder) },
  ];
}

/** The same, as far as they have to be read. */
export function contentChecks({ paths, platform, isHolder }: Outside, inside: Inside): Check[] {
  return [
    { ids: ['registry'], look: (signal) => checkRegistry(paths.registry, inside, signal) },
    {
      ids: ['audit-chain'],
      look: async (signal) => {
        const reading = await inside.seals.read();
        const opened = await openAuditFiles(paths.audit);
        const over = AbortSignal.any([
          signal,
          timeUp(platform.clock, isHolder ? verifyMs.holder : verifyMs.visitor),
        ]);
        try {
          const files = opened.files.map((file) => stoppable(file, over));
          return describeChain(await verifyAudit({ ...opened, files }, reading), reading.state);
        } catch (error) {
          if (!over.aborted) throw error;
          return [
            ok(
              'audit-chain',
              'the audit log is too long to be verified here; nucleus logs verify looks at all of it',
            ),
          ];
        } finally {
          await opened.close();
        }
      },
    },
  ];
}

function checkWritable({ audit, home }: Outside['paths']): Finding[] {
  if (!existsSync(home)) return [];
  const target = existsSync(audit) ? audit : home;
  if (target === audit && !statSync(audit).isFile())
    return [
      fail(
        'audit-log',
        `${audit} is not a regular file, so calls cannot be recorded`,
        `move it away: mv ${audit} ${audit}.old`,
        { subject: audit },
      ),
    ];
  try {
    accessSync(target, constants.W_OK);
    return [ok('audit-log', 'calls can be recorded', { subject: audit })];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return [
      fail(
        'audit-log',
        `${target} cannot be written (${code}), so calls cannot be recorded`,
        `give it back to yourself: chmod u+w ${target}`,
        { subject: audit },
      ),
    ];
  }
}

/** Whether it can be what SQLite wrote. The gateway that uses it makes a damaged one anew by itself. */
function checkIndex(file: string, isHolder: boolean): Finding[] {
  if (isHolder || !existsSync(file)) return [];
  if (!statSync(file).isFile())
    return [
      fail('audit-index', `${file} is not a regular file`, `move it away: mv ${file} ${file}.old`, {
        subject: file,
      }),
    ];
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const head = Buffer.alloc(100);
    readSync(descriptor, head, 0, 100, 0);
    if (size === 0 || isDatabase(head, size)) return [];
  } finally {
    closeSync(descriptor);
  }
  return [
    warn(
      'audit-index',
      `${file}, by which calls are found, is damaged`,
      `rm ${file}; it is made anew from audit.log`,
      { subject: file, isFixable: true },
    ),
  ];
}

/** Its first words, and as many whole pages as it says: https://www.sqlite.org/fileformat2.html#the_database_header */
function isDatabase(head: Buffer, size: number): boolean {
  if (head.toString('latin1', 0, 16) !== 'SQLite format 3\0') return false;
  const page = head.readUInt16BE(16);
  const pageSize = page === 1 ? 65_536 : page;
  return size % pageSize === 0 && size / pageSize >= head.readUInt32BE(28);
}

/** Table by table, so that nobody waits for a large one to be done. */
async function checkRegistry(file: string, { registry }: Inside, signal: AbortSignal): Promise<Finding[]> {
  const { db } = registry;
  const tables = onRegistry(
    () => db.prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all(),
    file,
  );
  for (const table of tables) {
    await nextTurn();
    signal.throwIfAborted();
    const found: unknown = onRegistry(
      () => db.pragma(`quick_check('${table.replaceAll("'", "''")}')`, { simple: true }),
      file,
    );
    if (found !== 'ok')
      return [
        fail(
          'registry',
          `${file} is damaged: table ${table} does not fit together`,
          'nucleus stop, then put a backup in its place',
          { subject: file },
        ),
      ];
  }
  return [ok('registry', `registry ${file} can be read`, { subject: file })];
}

function describeChain({ state, lines, sealedTo, problem }: AuditVerdict, seal: string): Finding[] {
  if (problem) {
    const place = `${problem.file}${problem.line === null ? '' : `, line ${problem.line}`}`;
    return [
      fail(
        'audit-chain',
        `the audit log is not what was written: ${place}: ${problem.what}`,
        'nucleus logs verify tells where; keep a copy of audit.log* before you look for who changed it',
      ),
    ];
  }
  if (state === 'empty') return [];
  const sealed =
    sealedTo !== null
      ? `sealed up to ${sealedTo}`
      : seal === 'locked'
        ? 'whether it is sealed cannot be told while the vault is locked'
        : 'not sealed, as there is no vault yet';
  return [ok('audit-chain', `the audit log is as it was written: ${lines} lines, ${sealed}`)];
}

function stoppable({ name, chunks }: AuditFile, signal: AbortSignal): AuditFile {
  return {
    name,
    async *chunks() {
      for await (const chunk of chunks()) {
        signal.throwIfAborted();
        // Hashing is work of this thread: others get their turn in between.
        await nextTurn();
        yield chunk;
      }
    },
  };
}

function timeUp(clock: Outside['platform']['clock'], limitMs: number): AbortSignal {
  const over = new AbortController();
  clock.after(limitMs, () => over.abort());
  return over.signal;
}
