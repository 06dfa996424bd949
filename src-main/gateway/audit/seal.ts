import { open, readFile } from 'node:fs/promises';
import { toNucleusError } from '../../../src-shared/errors.ts';
import type { Clock, Log } from '../platform.ts';
import type { AuditSeals, SealReading } from '../storage/audit-seals.ts';
import { hashOfLine, readLink } from './chain.ts';
import { auditNames } from './files.ts';
import type { Head } from './head.ts';

/** Lines are sealed this long after they were written, at the latest. */
const sealMs = 10 * 60_000;

/** Seals the end of the log by the vault, so that who rewrites what stands before it is found out. Never on a call's road. */
export interface Sealer {
  /** Lines were written. */
  written(): void;
  /** Seals now, beside what goes on. */
  sealSoon(): void;
  read(): Promise<SealReading>;
  warnings(): string[];
  /** Seals what is not sealed yet. */
  close(): Promise<void>;
}

export function createSealer(deps: {
  readonly seals: AuditSeals | null;
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  head(): Head | null;
  /** Writes a line about the log itself. */
  write(note: Readonly<Record<string, unknown>>): void;
}): Sealer {
  const { seals, path, clock, log } = deps;
  let sealed = 0;
  let isChecked = false;
  let damage: string | null = null;
  let failed = false;
  let isWaiting = false;
  let tail: Promise<void> = Promise.resolve();

  async function seal(): Promise<void> {
    const head = deps.head();
    if (!seals?.canSeal() || head === null || head.seq === 0 || head.seq === sealed) return;
    try {
      await check(seals);
      const { seq, hash } = deps.head() ?? head;
      await Promise.all(auditNames(path).slice(0, 2).map(flushToDisk));
      await seals.write({ seq, hash, from: await oldestSeq(path), at: clock.now() });
      sealed = seq;
      failed = false;
    } catch (error) {
      if (!failed) log.warn('the audit log cannot be sealed now', { reason: toNucleusError(error).message });
      failed = true;
    }
  }

  /** A seal may only be replaced where it still fits; where it does not, the log itself says so from then on. */
  async function check(known: AuditSeals): Promise<void> {
    if (isChecked) return;
    const reading = await known.read();
    if (reading.state === 'locked') throw new Error(reading.reason);
    isChecked = true;
    damage = await damageOf(reading, path);
    if (damage === null) return;
    log.error('the audit log is not what was sealed', { reason: damage });
    const seq = reading.state === 'sealed' ? reading.seal.seq : null;
    deps.write({ lost: { sealed: seq, reason: damage } });
  }

  function sealSoon(): Promise<void> {
    tail = tail.then(seal);
    return tail;
  }

  return {
    written() {
      if (isWaiting || seals === null) return;
      isWaiting = true;
      clock.after(sealMs, () => {
        isWaiting = false;
        void sealSoon();
      });
    },
    sealSoon: () => void sealSoon(),
    read: () => seals?.read() ?? Promise.resolve({ state: 'none' }),
    warnings: () =>
      damage === null ? [] : [`the audit log was changed: ${damage}; see nucleus logs verify`],
    close: sealSoon,
  };
}

/** What is sealed must not be gone after a power cut, as if somebody had cut it off. */
async function flushToDisk(name: string): Promise<void> {
  const file = await open(name, 'r+').catch(() => null);
  await file?.sync().finally(() => file.close());
}

/** In what the log is not what was sealed; null where it is. */
async function damageOf(reading: SealReading, path: string): Promise<string | null> {
  if (reading.state === 'lost') return reading.reason;
  if (reading.state !== 'sealed') return null;
  const { seal, counter } = reading;
  if (counter !== null && counter > seal.count)
    return `the registry is an older one: its seal is number ${seal.count}, and the keychain counts ${counter}`;
  const hash = await hashOfSeq(path, seal.seq);
  if (hash === seal.hash) return null;
  return hash === null
    ? `line ${seal.seq}, which was sealed, is not there`
    : `line ${seal.seq} is another one than was sealed`;
}

/** The hash of one line, over its bytes; null where it is not kept. */
async function hashOfSeq(path: string, seq: number): Promise<string | null> {
  for (const name of auditNames(path)) {
    const first = await firstSeq(name);
    if (first === null || first > seq) continue;
    const bytes = await readFile(name);
    const at = bytes.lastIndexOf(`,"seq":${seq},"prev":"`);
    if (at === -1) return null;
    const end = bytes.indexOf(0x0a, at);
    return end === -1 ? null : hashOfLine(bytes.subarray(bytes.lastIndexOf(0x0a, at) + 1, end));
  }
  return null;
}

/** The oldest line of the chain that is kept. */
async function oldestSeq(path: string): Promise<number> {
  for (const name of auditNames(path).reverse()) {
    const seq = await firstSeq(name);
    if (seq !== null) return seq;
  }
  return 1;
}

/** Of a file's first line, which is one about the log; null where there is no such file, or no chain in it. */
async function firstSeq(name: string): Promise<number | null> {
  const file = await open(name).catch(() => null);
  if (!file) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    const end = buffer.subarray(0, bytesRead).indexOf(0x0a);
    return end === -1 ? null : (readLink(buffer.subarray(0, end))?.seq ?? null);
  } finally {
    await file.close();
  }
}

/** A file's first line is far shorter. */
const headerBytes = 4_096;
