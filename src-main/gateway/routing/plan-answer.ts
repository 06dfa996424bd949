import { setImmediate as turn } from 'node:timers/promises';
import type { Reply } from '../wire/reply.ts';
import type { PlanOutcome, StepOutcome } from './plan-run.ts';

/** A piece of an answer, and the same inside of a JSON string. */
interface Piece {
  readonly json: Uint8Array;
  readonly quoted: Uint8Array;
}

interface StepPieces {
  readonly whole: readonly Piece[];
  /** In place of `whole` where that does not fit. */
  readonly short: readonly Piece[];
}

/** What is written around the pieces: ids, keys, members that an era adds. */
const margin = 8 * 1024;
const head = '{"jsonrpc":"2.0","id":';

/**
 * The answer to a plan, as text for the model and the same as data for programs. Each result is in it byte for byte as
 * its upstream wrote it: numbers that JSON.parse would round stay what they are. What no client could take in one
 * message is left out, first the data, then the largest results.
 */
export async function planReply(outcome: PlanOutcome, maxBytes: number): Promise<Reply> {
  const { results, comparison, ...counts } = outcome;
  const steps: StepPieces[] = [];
  const hopeless = tooLarge(results, maxBytes);
  for (const step of results) {
    steps.push(piecesOf(step, maxBytes, hopeless.has(step)));
    // The results of many accounts together would hold up the gateway.
    await turn();
  }
  const start = pieceOf(`${openObject(counts)},"results":[`);
  const end = pieceOf(comparison ? `],"comparison":${JSON.stringify(comparison)}}` : ']}');
  const comma = pieceOf(',');
  const join = (left: ReadonlySet<StepPieces>): Piece[] => [
    start,
    ...steps.flatMap((step, at) => [
      ...(at > 0 ? [comma] : []),
      ...(left.has(step) ? step.short : step.whole),
    ]),
    end,
  ];

  const room = maxBytes - margin;
  const all = join(new Set());
  if (hopeless.size === 0 && bytesOf(all, 'quoted') + bytesOf(all, 'json') <= room) return write(all, all);
  const left = new Set<StepPieces>();
  const largest = [...steps].sort((a, b) => bytesOf(b.whole, 'quoted') - bytesOf(a.whole, 'quoted'));
  for (const step of largest) {
    if (bytesOf(join(left), 'quoted') <= room) break;
    left.add(step);
  }
  return write(join(left), null);
}

/** Those that do not fit even beside smaller ones alone: many, each as long as a message may be, fill the memory. */
function tooLarge(results: readonly StepOutcome[], maxBytes: number): ReadonlySet<StepOutcome> {
  let total = 0;
  return new Set(
    // Of equal ones the first is left out first.
    results
      .toReversed()
      .toSorted((a, b) => (a.result?.length ?? 0) - (b.result?.length ?? 0))
      .filter(({ result }) => (total += result?.length ?? 0) > maxBytes),
  );
}

function piecesOf({ result, ...rest }: StepOutcome, maxBytes: number, isTooLarge: boolean): StepPieces {
  if (!result) return only(pieceOf(JSON.stringify(rest)));
  const sentence = `its result has ${mebibytes(result.length)} MiB and was left out, because this client takes ${mebibytes(maxBytes)} MiB in one message; ask for less, or call ${rest.name} by itself`;
  const short = pieceOf(JSON.stringify({ ...rest, left_out: sentence }));
  if (isTooLarge) return only(short);
  const before = pieceOf(`${openObject(rest)},"result":`);
  return {
    whole: [before, { json: result, quoted: quote(Buffer.from(result).toString()) }, pieceOf('}')],
    short: [short],
  };
}

function only(piece: Piece): StepPieces {
  return { whole: [piece], short: [piece] };
}

function write(text: readonly Piece[], data: readonly Piece[] | null): Reply {
  const line = Buffer.concat([
    Buffer.from(`${head}0,"result":{"content":[{"type":"text","text":"`),
    ...text.map(({ quoted }) => quoted),
    Buffer.from('"}]'),
    ...(data ? [Buffer.from(',"structuredContent":'), ...data.map(({ json }) => json)] : []),
    Buffer.from('}}'),
  ]);
  return { kind: 'raw', line, span: { id: 0, start: head.length, end: head.length + 1 }, outcome: 'ok' };
}

function pieceOf(json: string): Piece {
  return { json: Buffer.from(json), quoted: quote(json) };
}

function quote(text: string): Uint8Array {
  return Buffer.from(JSON.stringify(text)).subarray(1, -1);
}

/** An object as JSON, to which members can be added. */
function openObject(members: object): string {
  return JSON.stringify(members).slice(0, -1);
}

function bytesOf(pieces: readonly Piece[], of: keyof Piece): number {
  return pieces.reduce((sum, piece) => sum + piece[of].length, 0);
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
