/** How much of the past is looked at. */
export const ranges = ['hour', 'day', 'week', 'all'] as const;
export type Range = (typeof ranges)[number];

const minute = 60_000;

/** Time from `since` up to, not including, `until`, in equal parts. */
export interface Span {
  readonly since: number;
  readonly until: number;
  readonly buckets: number;
}

/** The range that ends now, cut at whole parts so that bars stay as they are while time goes on. */
export function spanOf(range: Exclude<Range, 'all'>, now: number): Span {
  const [part, buckets] = { hour: [minute, 60], day: [15 * minute, 96], week: [120 * minute, 84] }[range] as [
    number,
    number,
  ];
  const until = Math.ceil((now + 1) / part) * part;
  return { since: until - buckets * part, until, buckets };
}

/** Parts that a person can name, for any time; at most 120. */
export function spanBetween(since: number, until: number): Span {
  const length = Math.max(until - since, 60_000);
  const part = parts.find((one) => length / one <= 118) ?? Math.ceil(length / 118 / day) * day;
  const from = Math.floor(since / part) * part;
  const buckets = Math.ceil((since + length - from) / part);
  return { since: from, until: from + buckets * part, buckets };
}

const day = 1_440 * minute;
const parts = [1, 5, 15, 30, 60, 300, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400].map(
  (seconds) => seconds * 1_000,
);

/** One part of a span in words: `1 min`. */
export function partWords({ since, until, buckets }: Span): string {
  const seconds = Math.round((until - since) / buckets / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${seconds / 60} min`;
  return seconds < 86_400 ? `${seconds / 3_600} h` : `${seconds / 86_400} d`;
}

/** Where a brush begins and ends, on the edges of parts. */
export function snap(span: Span, from: number, to: number): { since: number; until: number } {
  const width = (span.until - span.since) / span.buckets;
  const clamp = (index: number): number => Math.min(span.buckets, Math.max(0, index));
  const first = clamp(Math.floor((Math.min(from, to) - span.since) / width));
  const last = clamp(Math.max(first + 1, Math.ceil((Math.max(from, to) - span.since) / width)));
  return { since: span.since + Math.min(first, last - 1) * width, until: span.since + last * width };
}

/** A moment as an axis or a row writes it: with the day where the span has several, with seconds where it is short. */
export function momentIn(at: number, { since, until }: { since: number; until: number }): string {
  const isLong = until - since > 86_400_000 * 1.5;
  const time = new Date(at).toLocaleTimeString('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    ...(until - since <= 10 * minute && { second: '2-digit' }),
  });
  if (!isLong) return time;
  const date = new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  return until - since > 12 * 86_400_000 ? date : `${date}, ${time}`;
}
