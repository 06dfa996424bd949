/** How much a log writes, from nothing to everything. */
export const logLevels = ['off', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof logLevels)[number];

/** How a log writes a line. */
export const logStyles = ['text', 'json'] as const;
export type LogStyle = (typeof logStyles)[number];
