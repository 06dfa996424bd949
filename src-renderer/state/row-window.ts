/** Rows all have this height. */
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
): { readonly from: number; readonly to: number } {
  const first = Math.floor(Math.max(0, top) / rowHeight);
  const last = Math.ceil((Math.max(0, top) + height) / rowHeight);
  const beside = isFlying ? flyingMargin : margin;
  const from = Math.max(0, Math.floor((first - beside) / step) * step);
  const to = Math.min(size, Math.ceil((last + beside) / step) * step);
  return { from: Math.min(from, to), to };
}

/** Where to scroll so that a row is in sight, below a head that stays; null when it is. */
export function scrollTo(index: number, top: number, height: number): number | null {
  const begin = index * rowHeight;
  if (begin < top) return begin;
  if (begin + rowHeight > top + height) return begin + rowHeight - height;
  return null;
}
