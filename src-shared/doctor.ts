import * as z from 'zod';

/** What one look of the doctor found. */
export const Finding = z.object({
  /** Which look it was, stable: `home-mode`, `client-entry`, `policy`. */
  check: z.string(),
  level: z.enum(['ok', 'warn', 'fail']),
  /** Which of several it is about: a profile, a client, a file; null where there is one only. */
  subject: z.string().nullable(),
  message: z.string(),
  /** What to do about it, null when nothing is wrong. */
  fix: z.string().nullable(),
  /** Whether the doctor can mend it by itself, and safely. */
  isFixable: z.boolean(),
});
export type Finding = z.infer<typeof Finding>;
