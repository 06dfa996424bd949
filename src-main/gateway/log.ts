import { type LogLevel, logLevels, type LogStyle } from '../../src-shared/log-levels.ts';
import type { Log } from './platform.ts';

/** The least level that is written, and how. */
export interface LogSettings {
  readonly level: LogLevel;
  readonly style: LogStyle;
}

/** A log whose settings may come later than its first lines: the configuration may be what has to be logged. */
export interface SettableLog extends Log {
  set(settings: LogSettings): void;
}

/** A log of one line per event: `time level message key=value` for people, or a JSON object. */
export function createLog(options: {
  write(line: string): void;
  now(): number;
  settings?: LogSettings | undefined;
}): SettableLog {
  let { level: least, style }: LogSettings = options.settings ?? { level: 'info', style: 'text' };
  const at =
    (level: keyof Log): Log[keyof Log] =>
    (message, fields = {}) => {
      if (logLevels.indexOf(level) > logLevels.indexOf(least)) return;
      const time = new Date(options.now()).toISOString();
      const known = Object.entries(fields).filter(([, value]) => value !== undefined);
      const line = style === 'json' ? jsonLine : textLine;
      options.write(`${line(time, level, message, known)}\n`);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    set: (settings) => void ({ level: least, style } = settings),
  };
}

type Fields = readonly (readonly [key: string, value: unknown])[];

function textLine(time: string, level: string, message: string, fields: Fields): string {
  const pairs = fields.map(([key, value]) => ` ${key}=${quote(value)}`);
  return `${time} ${level} ${escapeControls(message)}${pairs.join('')}`;
}

function jsonLine(time: string, level: string, message: string, fields: Fields): string {
  const all = Object.fromEntries(fields.map(([key, value]) => [key, toJsonValue(value)]));
  const line = { ts: time, level, msg: message, ...(fields.length > 0 && { fields: all }) };
  // What JSON lets stand and some reader takes for the end of a line.
  return JSON.stringify(line).replace(/[\u007f-\u009f\u2028\u2029]/g, escapeChar);
}

/** Logging must not fail: what cannot be JSON is a text. */
function toJsonValue(value: unknown): unknown {
  try {
    return JSON.stringify(value) === undefined ? String(value) : value;
  } catch {
    return String(value);
  }
}

function quote(value: unknown): string {
  const known = toJsonValue(value);
  const text = typeof known === 'string' ? known : JSON.stringify(known);
  return /^[^\s"=\\\p{Cc}]+$/u.test(text) ? text : escapeControls(JSON.stringify(text));
}

/** A line is a line: no upstream writes a second one, or an escape sequence, through its name or its message. */
function escapeControls(text: string): string {
  return text.replace(/\p{Cc}/gu, escapeChar);
}

function escapeChar(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
