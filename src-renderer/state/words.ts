/** `1 profile`, `2 profiles`, `2,310 lines`. */
export function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount.toLocaleString('en')} ${amount === 1 ? one : many}`;
}

/** How long ago in words, relative up to a day, then the date. */
export function ago(then: number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - then) / 1_000));
  if (seconds < 45) return 'just now';
  if (seconds < 3_600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h ago`;
  return day(then);
}

/** `20 Nov 2026`. */
export function day(then: number): string {
  return new Date(then).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

/** A day and a time as the person's system writes them. */
export function moment(then: number): string {
  return new Date(then).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** A time of day: `14:02`. */
export function timeOfDay(then: number): string {
  return new Date(then).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}

/** A span of time in words: `12 s`, `4 min`, `3 h 5 min`, `2 d 4 h`. */
export function span(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return `${Math.max(0, Math.floor(milliseconds / 1_000))} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Minutes and seconds as a clock shows them: `4:48`. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** A label within a sentence: `Personal access token` reads `personal access token`, `API key` stays. */
export function midSentence(label: string): string {
  return /^[A-Z][a-z]/.test(label) ? label.charAt(0).toLowerCase() + label.slice(1) : label;
}

const ordinary =
  /^(a|all|an|calls|clients|how|the|it|its|this|there|no|nobody|not|one|only|other|registry|what|somebody|state|unknown|invalid|profile|connector|metadata)\b/;

/** A message as a sentence: a full stop at the end, and a large first letter unless it is the name of something. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  const whole = ordinary.test(trimmed) ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1) : trimmed;
  return /[.!?…:]$/.test(whole) ? whole : `${whole}.`;
}
