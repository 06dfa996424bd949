import * as z from 'zod';

/**
 * Bounds on what a client says of itself in its AttachLine; unknown fields are ignored. Those of the view are dropped:
 * what the gateway's own fronts ask for in it beside these is not a client's to say.
 */
export const Attach = z.looseObject({
  version: z.string().max(100),
  role: z.enum(['client', 'control', 'command']),
  cwd: z.string().max(4_096).optional(),
  client: z.string().max(200).optional(),
  view: z
    .object({
      mode: z.string().max(50).optional(),
      alwaysOn: z.array(z.string().max(200)).max(100).optional(),
      profiles: z
        .array(z.object({ id: z.string().max(200), alias: z.string(), note: z.string().max(500).optional() }))
        .max(1_000)
        .optional(),
    })
    .optional(),
});

/** Bounds on a command line that is handed over. */
export const Handed = z.object({
  argv: z.array(z.string()).max(10_000),
  cwd: z.string().max(4_096),
  env: z.record(z.string(), z.string()),
  tty: z.tuple([z.boolean(), z.boolean(), z.boolean()]),
  columns: z.int().min(1).max(10_000).nullable(),
  terminal: z.string().max(100).nullable(),
});
