const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** When a call was made, for a narrow column: `14:20:41`, or `19 Nov 14:20` on another day. Made for every row of a scroll. */
export function rowTime(ts: string | number, now = Date.now()): string {
  const at = new Date(ts);
  if (Number.isNaN(at.getTime())) return String(ts).slice(0, 20);
  const minutes = `${two(at.getHours())}:${two(at.getMinutes())}`;
  const isToday = Math.abs(now - at.getTime()) < 86_400_000 && new Date(now).getDate() === at.getDate();
  return isToday ? `${minutes}:${two(at.getSeconds())}` : `${day.format(at)} ${minutes}`;
}

const two = (amount: number): string => String(amount).padStart(2, '0');
