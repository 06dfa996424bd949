/**
 * The programs we can put our entry into by ourselves; each is the client key its entry names, too. Apart from the
 * shapes, because the window loads no zod.
 */
export const hostNames = [
  'claude-desktop',
  'claude-code',
  'cursor',
  'vscode',
  'windsurf',
  'codex',
  'gemini',
  'zed',
] as const;
