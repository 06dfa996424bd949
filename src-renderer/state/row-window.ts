/** How high a row of a table is; those of other lists say so. */
export const rowHeight = 32;
/** This many rows exist on each side of those in sight. */
const margin = 20;
/** As many while a list flies by: each frame draws all of them anew, and the next would not show them. */
const flyingMargin = 2;
/** The window moves by so many rows at once: less to do in most frames of a scroll. */
const step = 4;

/** Which of so many rows exist while a list is scrolled to `top`. */
export function rowWindow(
  top: number,
  height: number,
  size: number,
  isFlying = false,
  each: number = rowHeight,
): { readonly from: number; readonly to: number } {
  const first = Math.floor(Math.max(0, top) / each);
  const last = Math.ceil((Math.max(0, top) + height) / each);
  const beside = isFlying ? flyingMargin : margin;
  const from = Math.max(0, Math.floor((first - beside) / step) * step);
  const to = Math.min(size, Math.ceil((last + beside) / step) * step);
  return { from: Math.min(from, to), to };
}

/** Where to scroll so that a row is in sight, below a head that stays; null when it is. */
export function scrollTo(
  index: number,
  top: number,
  height: number,
  each: number = rowHeight,
): number | null {
  const begin = index * each;
  if (begin < top) return begin;
  if (begin + each > top + height) return begin + each - height;
  return null;
}
