import { createHash, type Hash } from 'node:crypto';
import type { SealReading } from '../storage/audit-seals.ts';
import { hashOf, isNote, readLink, zeroHash, type Link } from './chain.ts';
import { keptFiles, type AuditFile } from './files.ts';

/** What became of a log. */
export interface AuditVerdict {
  /** `empty`: there is no line of the chain. */
  readonly state: 'intact' | 'broken' | 'empty';
  /** Lines of the chain that are right. */
  readonly lines: number;
  /** Numbers of the first and the last of them; null where there is none. */
  readonly from: number | null;
  readonly to: number | null;
  /** Up to this line the vault vouches for it; null where nothing is sealed, or the vault does not open. */
  readonly sealedTo: number | null;
  /** Lines of files from before the chain. */
  readonly unchained: number;
  readonly problem: AuditProblem | null;
}

/** The first record that is not what was written. */
export interface AuditProblem {
  readonly file: string;
  /** From 1; null where it is not about a line. */
  readonly line: number | null;
  readonly seq: number;
  readonly what: string;
}

/**
 * Reads a log from its oldest line to its newest and checks every link on the bytes as they are, then what was sealed.
 * `reading` has to be older than the files: lines may come in between, but none go.
 */
export async function verifyAudit(
  log: { readonly files: readonly AuditFile[]; readonly hasActive: boolean },
  reading: SealReading,
): Promise<AuditVerdict> {
  const check = createCheck(reading);
  for (const file of log.files) {
    check.begin(file.name);
    let rest: Uint8Array | null = null;
    for await (const chunk of file.chunks()) {
      const bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
      rest = check.lines(bytes);
      if (check.isBroken()) return check.verdict();
    }
    check.end(rest, file === log.files.at(-1));
    if (check.isBroken()) return check.verdict();
  }
  check.finish(log);
  return check.verdict();
}

function createCheck(reading: SealReading) {
  const seal = reading.state === 'sealed' ? reading.seal : null;
  let problem: AuditProblem | null = null;
  let file = '';
  let line = 0;
  let first: number | null = null;
  let seq = 0;
  let prev = zeroHash;
  let count = 0;
  let unchained = 0;
  /** Files without a chain since the last one with it: their hashes, oldest first. */
  let plain: { readonly name: string; readonly sha256: string }[] = [];
  let isPlain = true;
  let whole: Hash | null = null;
  let isSealSeen = false;
  let hasNewerFile = false;
  let hasLostOld = false;

  const broken = (
    what: string,
    at = seq + 1,
    where: Pick<AuditProblem, 'file' | 'line'> = { file, line },
  ): void => {
    problem ??= { ...where, seq: at, what };
  };

  function readLine(bytes: Uint8Array): void {
    line += 1;
    const link = readLink(bytes);
    if (link === null) {
      if (isPlain) unchained += 1;
      else broken('it is no line of the chain');
      return;
    }
    if (isPlain && line > 1)
      return broken('it is no line of the chain', first === null ? link.seq - line + 1 : seq + 1, {
        file,
        line: 1,
      });
    if (hashOf(bytes) !== link.hash)
      return broken('its content was changed', first === null ? link.seq : seq + 1);
    const isNew = isPlain;
    isPlain = false;
    if (!follows(link)) return;
    const note = isNote(bytes) ? parseNote(bytes) : null;
    if (isNew && note === null) return broken('the first line of the file is missing before it', link.seq);
    if (isNew && note !== null) beginFile(note, link.seq);
    first ??= link.seq;
    ({ seq } = link);
    prev = link.hash;
    count += 1;
    if (seal?.seq === seq) {
      isSealSeen = true;
      if (seal.hash !== link.hash) return broken('it is another one than was sealed', seq);
    }
    const lost = note?.lost;
    if (lost)
      broken(
        `it tells that at ${String(note.ts)} the log was not what was sealed: ${String(lost.reason)}`,
        seq,
      );
  }

  /** Whether a line is the next one. */
  function follows(link: Link): boolean {
    if (first === null) {
      if (link.seq === 1 && link.prev !== zeroHash) broken('the first line names one before it', 1);
    } else if (link.seq > seq + 1) broken(`lines ${seq + 1} to ${link.seq - 1} are missing before it`);
    else if (link.seq <= seq)
      broken(`it is line ${link.seq}, which was there already or stands in another place`);
    else if (link.prev !== prev) broken('it does not follow the line before it');
    return problem === null;
  }

  /** The first line of a file answers for the files without a chain before it. */
  function beginFile({ before, older }: Note, at: number): void {
    whole = null;
    if (seal && at > seal.seq) hasNewerFile = true;
    const newestFirst = [before, ...(Array.isArray(older) ? (older as unknown[]) : [])];
    const expected = newestFirst.filter((one) => typeof one === 'string').reverse();
    const seen = plain;
    plain = [];
    const gone = expected.length - seen.length;
    if (gone < 0)
      return broken('it was put among the files of the log', at, { file: seen[0]?.name ?? '', line: null });
    if (gone > 0 && first !== null) return broken('the file before it is missing', at);
    // What is older than all of the chain goes one file after the other, when there are enough.
    hasLostOld ||= gone > 0;
    for (const [index, { name, sha256 }] of seen.entries())
      if (sha256 !== expected[gone + index])
        return broken('it is not the file it was when the chain began', at, { file: name, line: null });
  }

  return {
    begin(name: string): void {
      file = name;
      line = 0;
      isPlain = true;
      whole = createHash('sha256');
    },
    /** Takes whole lines, and answers what is left. */
    lines(bytes: Uint8Array): Uint8Array | null {
      let start = 0;
      for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
        readLine(bytes.subarray(start, end));
        if (problem) return null;
        if (isPlain) whole?.update(bytes.subarray(start, end + 1));
        start = end + 1;
      }
      return start === bytes.length ? null : bytes.subarray(start);
    },
    end(rest: Uint8Array | null, isLast: boolean): void {
      if (!isPlain) {
        // Of the file that is written, a line may be on its way.
        if (rest !== null && !isLast) broken('it is cut short', seq + 1, { file, line: line + 1 });
        return;
      }
      if (rest !== null) {
        unchained += 1;
        whole?.update(rest);
      }
      if (line > 0 || rest !== null) plain.push({ name: file, sha256: `sha256:${whole?.digest('hex')}` });
    },
    finish({
      files,
      hasActive,
    }: {
      readonly files: readonly AuditFile[];
      readonly hasActive: boolean;
    }): void {
      const [stray] = plain;
      if (first !== null && stray)
        return broken('it is no part of the chain', seq + 1, { file: stray.name, line: 1 });
      const end = { file: files.at(-1)?.name ?? 'audit.log', line: line + 1 };
      const registry = { file: 'registry.db', line: null };
      if (reading.state === 'lost') return broken(reading.reason, seq, registry);
      if (reading.state === 'sealed' && reading.counter !== null && reading.counter > reading.seal.count)
        return broken(
          `log and registry are older ones that were put back: the seal is number ${reading.seal.count}, and the keychain counts ${reading.counter}`,
          reading.seal.seq,
          registry,
        );
      if (seal && seq < seal.seq)
        return broken(`lines ${seq + 1} to ${seal.seq}, which were sealed, are missing`, seq + 1, end);
      if (seal && !isSealSeen)
        return broken(`line ${seal.seq}, which was sealed, is not kept any more`, seal.seq, end);
      if (first === null || (first === 1 && !hasLostOld)) return;
      const oldest = { file: files[0]?.name ?? '', line: 1 };
      // None goes before there are five.
      const isEarly = files[0]?.name.endsWith(`.${keptFiles}`) !== true;
      // A rotation that is under way, or was cut in two, has let the oldest go and begun no file yet.
      const isRotating = !hasActive || files.length <= keptFiles;
      const wentUnseen = seal !== null && first > seal.from && !hasNewerFile && !isRotating;
      if (isEarly || wentUnseen) broken('the file before it is missing', first, oldest);
    },
    isBroken: () => problem !== null,
    verdict(): AuditVerdict {
      const state = problem ? 'broken' : first === null ? 'empty' : 'intact';
      const sealedTo = isSealSeen && seal ? seal.seq : null;
      return {
        state,
        lines: count,
        from: first,
        to: first === null ? null : seq,
        sealedTo,
        unchained,
        problem,
      };
    },
  };
}

type Note = { readonly [key in 'ts' | 'before' | 'older']?: unknown } & {
  readonly lost?: { readonly reason?: unknown };
};

/** One that is no JSON says nothing. */
function parseNote(bytes: Uint8Array): Note {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as Note;
  } catch {
    return {};
  }
}
