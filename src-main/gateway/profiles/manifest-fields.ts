import * as z from 'zod';
import { headerProblem } from '../../../src-shared/headers.ts';
import { holesOf } from './template.ts';

/* What single values of a manifest may be; manifest-schema.ts and its parts put them together. */

/** A NUL can be written in TOML and would end an argument early. */
export const text = z.string().refine((value) => !value.includes('\0'), 'must not contain a NUL character');

export const template = text.superRefine((value, context) => {
  try {
    holesOf(value);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

export const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a name of an environment variable (A-Z a-z 0-9 _)');

export const headerName = z.string().superRefine((name, context) => {
  const problem = headerProblem(name);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});

/** A metadata key, a secret's or a variant's name. */
export const plainName = z.string().regex(/^[A-Za-z0-9_-]+$/, 'must be a name made of A-Z a-z 0-9 _ -');

export const webAddress = text.refine((value) => isWebAddress(value), 'must be an http or https address');

/** RFC 6901: where a value stands in what a server answered. */
export const pointer = z
  .string()
  .regex(/^(\/([^~/]|~[01])*)*$/, 'must be a JSON pointer, such as /projects or /user/id');

/** One version and no other: what is started tomorrow is what was looked at. */
export const exactVersion = z
  .string()
  .regex(/^v?\d+(\.\d+)+([-+.][0-9A-Za-z.-]+)?$/, 'must be one exact version, such as 1.4.0');

/** Looked for in folders of other people's making, so it must not lead out of them. */
export const innerPath = text
  .min(1)
  .refine(
    (path) => !/^[\\/]|^[A-Za-z]:|\\/.test(path) && !path.split('/').includes('..'),
    'must be a path inside the folder, with / between its parts',
  );

export const pattern = z.string().refine((value) => isPattern(value), 'is not a regular expression');

/** Left away is null inside. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema.optional().transform((value) => (value ?? null) as z.output<T> | null);
}

export function isWebAddress(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

function isPattern(value: string): boolean {
  try {
    new RegExp(value, 'u');
    return true;
  } catch {
    // The caller's message says what is wrong; the engine's words add nothing people can use.
    return false;
  }
}
