/** RFC 3339 in UTC of Unix milliseconds; what stands before the milliseconds is mostly that of the call before. */
export function createTimeText(): (at: number) => string {
  let second = Number.NaN;
  let text = '';
  return (at) => {
    const whole = Math.floor(at / 1_000);
    if (whole !== second) {
      second = whole;
      text = new Date(whole * 1_000).toISOString().slice(0, -4);
    }
    return `${text}${String(Math.floor(at) - whole * 1_000).padStart(3, '0')}Z`;
  };
}
