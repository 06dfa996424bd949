import * as z from 'zod';

/** What the app knows of newer versions of itself. While it does not look, all of it is null. */
export const Updates = z.object({
  /** Whether it looks once a day. */
  isOn: z.boolean(),
  isLooking: z.boolean(),
  /** The newest release, and where a person gets it. */
  newer: z.object({ version: z.string().max(40), page: z.url({ protocol: /^https$/ }).max(200) }).nullable(),
  last: z
    .object({
      at: z.int(),
      /** Why that look found nothing out. */
      problem: z.string().max(300).nullable(),
      nextAt: z.int(),
    })
    .nullable(),
});
export type Updates = z.infer<typeof Updates>;
