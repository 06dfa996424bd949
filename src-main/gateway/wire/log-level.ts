/** The levels of log messages, most severe first (RFC 5424, as MCP 2025-11-25 has them). */
export const logLevels = [
  'emergency',
  'alert',
  'critical',
  'error',
  'warning',
  'notice',
  'info',
  'debug',
] as const;
export type LogLevel = (typeof logLevels)[number];

export function isLogLevel(value: unknown): value is LogLevel {
  return logLevels.some((level) => level === value);
}

/** Whether a level is as severe as `least`, or more; one nobody knows is. */
export function isAtLeast(level: unknown, least: LogLevel): boolean {
  return !isLogLevel(level) || logLevels.indexOf(level) <= logLevels.indexOf(least);
}
