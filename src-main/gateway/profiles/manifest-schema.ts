import { TomlDate } from 'smol-toml';
import * as z from 'zod';
import { headerProblem } from '../../../src-shared/headers.ts';
import { TransportName } from '../../../src-shared/model.ts';
import type { Manifest, ManifestSource } from './manifest.ts';
import { holesOf } from './template.ts';

const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a name of an environment variable (A-Z a-z 0-9 _)');
const headerName = z.string().superRefine((name, context) => {
  const problem = headerProblem(name);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});
const secretName = z.string().regex(/^[A-Za-z0-9_-]+$/, 'must be a name made of A-Z a-z 0-9 _ -');
/** A NUL can be written in TOML and would end an argument early. */
const text = z.string().refine((value) => !value.includes('\0'), 'must not contain a NUL character');
const template = text.superRefine((value, context) => {
  try {
    holesOf(value);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});
/** Looked for in folders of other people's making, so it must not lead out of them. */
const innerPath = text
  .min(1)
  .refine(
    (path) => !/^[\\/]|^[A-Za-z]:|\\/.test(path) && !path.split('/').includes('..'),
    'must be a path inside the folder, with / between its parts',
  );
const webAddress = text.refine((value) => isWebAddress(value), 'must be an http or https address');

/** A manifest file of schema 1, only the keys this version uses; another key is an error. */
export const Schema1 = z.strictObject({
  schema: z.literal(1),
  name: z.string(),
  title: text.optional(),
  description: text.default(''),
  docs: webAddress.optional(),
  transport: TransportName,
  url: template.optional(),
  message_url: template.optional(),
  // `pat` is the original's word for a token.
  auth: z
    .enum(['none', 'token', 'pat', 'oauth'])
    .transform((auth) => (auth === 'pat' ? ('token' as const) : auth)),
  checked: z
    .strictObject({
      on: z
        .instanceof(TomlDate, { error: 'must be a TOML date without quotes, such as 2026-11-20' })
        .transform((date) => date.toISOString().slice(0, 10)),
      method: z.enum(['read', 'recorded', 'live']),
      by: text.optional(),
      sources: z.array(text).default([]),
    })
    .optional(),
  signin: z
    .strictObject({
      token: z
        .strictObject({
          label: text.optional(),
          create: webAddress.optional(),
          secrets: z.array(secretName).min(1).default(['token']),
        })
        .optional(),
    })
    .optional(),
  headers: z.record(headerName, template).default({}),
  stdio: z
    .strictObject({
      runtime: z.enum(['builtin', 'binary']),
      server: z
        .string()
        .regex(/^[a-z0-9-]+$/, 'must be the name of a folder in resources/servers')
        .optional(),
      command: text.min(1).optional(),
      args: z.array(template).default([]),
      env: z.record(variable, template).default({}),
      pass: z.array(variable).default([]),
      cwd: template.optional(),
    })
    .optional(),
  metadata: z
    .array(
      z.strictObject({
        key: z.string().regex(/^[A-Za-z0-9_-]+$/, 'must be a name made of A-Z a-z 0-9 _ -'),
        label: text.optional(),
        description: text.default(''),
        required: z.boolean().default(false),
        kind: z.enum(['text', 'path', 'url']).default('text'),
        must_exist: z.boolean().default(false),
        default: text.optional(),
        choices: z.array(text).default([]),
        pattern: z
          .string()
          .refine((value) => isPattern(value), 'is not a regular expression')
          .optional(),
      }),
    )
    .default([]),
  autodetect: z
    .array(
      z.strictObject({
        files: z.array(innerPath).min(1).max(20),
        format: z.enum(['toml', 'json']),
        at: z
          .string()
          .regex(/^[^.]+(\.[^.]+)*$/, 'must be the keys that lead to the value, with dots between them'),
        field: z.string(),
        reason: text.optional(),
      }),
    )
    .max(20)
    .default([]),
  read_only: z
    .strictObject({
      default: z.boolean(),
      covers: text.optional(),
      note: text.optional(),
    })
    .optional(),
  note: text.optional(),
});

/** The manifest as the gateway uses it: every default filled in. */
export function toManifest(data: z.output<typeof Schema1>, source: ManifestSource): Manifest {
  const { signin, stdio, checked, read_only: readOnly } = data;
  return {
    ...source,
    name: data.name,
    title: data.title ?? data.name,
    description: data.description,
    docs: data.docs ?? null,
    transport: data.transport,
    url: data.url ?? null,
    messageUrl: data.message_url ?? null,
    auth: data.auth,
    checked: checked ? { ...checked, by: checked.by ?? null } : null,
    token:
      data.auth === 'token'
        ? {
            label: signin?.token?.label ?? null,
            create: signin?.token?.create ?? null,
            secrets: signin?.token?.secrets ?? ['token'],
          }
        : null,
    headers: data.headers,
    stdio: stdio
      ? { ...stdio, server: stdio.server ?? null, command: stdio.command ?? null, cwd: stdio.cwd ?? null }
      : null,
    metadata: data.metadata.map(({ must_exist: mustExist, ...field }) => ({
      ...field,
      label: field.label ?? field.key,
      mustExist,
      default: field.default ?? null,
      pattern: field.pattern ?? null,
    })),
    autodetect: data.autodetect.map(({ at, reason, ...rule }) => ({
      ...rule,
      at: at.split('.'),
      reason: reason ?? null,
    })),
    readOnly: readOnly
      ? { default: readOnly.default, covers: readOnly.covers ?? null, note: readOnly.note ?? null }
      : null,
    note: data.note ?? null,
  };
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
