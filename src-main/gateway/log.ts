import type { Log } from './platform.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof levels)[number];

/** A log of one `time level message key=value` line per event. NUCLEUS_LOG names the least level that is written. */
export function createLog(options: {
  write(line: string): void;
  now(): number;
  env: Readonly<Record<string, string | undefined>>;
  /** The least level where NUCLEUS_LOG says nothing. */
  fallback: Level;
}): Log {
  const asked = levels.find((level) => level === options.env['NUCLEUS_LOG']?.toLowerCase());
  const least = levels.indexOf(asked ?? options.fallback);
  const at =
    (level: Level): Log[Level] =>
    (message, fields = {}) => {
      if (levels.indexOf(level) < least) return;
      const pairs = Object.entries(fields)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => ` ${key}=${quote(value)}`);
      const time = new Date(options.now()).toISOString();
      options.write(`${time} ${level} ${escapeControls(message)}${pairs.join('')}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return /^[^\s"=\\\p{Cc}]+$/u.test(text) ? text : escapeControls(JSON.stringify(text));
}

/** A line is a line: no upstream writes a second one, or an escape sequence, through its name or its message. */
function escapeControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
