import * as z from 'zod';
import { headerName, optional, plainName, template, text, variable, webAddress } from './manifest-fields.ts';

/** How a profile can prove who it is; the method that `auth` names is the one taken unless a person says otherwise. */
export const authMethods = ['none', 'token', 'basic', 'oauth', 'machine', 'ambient'] as const;
export type AuthMethod = (typeof authMethods)[number];

/** OAuth in a browser. */
const Oauth = z.strictObject({
  /** In this order; without any it is not known whether a client can register itself. */
  registration: z.array(z.enum(['preregistered', 'cimd', 'dcr'])).default([]),
  /** `ask`: the service wants an app of the user's own. */
  client: optional(z.literal('ask')),
  /** The id of an app that is the manifest author's own; never that of another product. */
  client_id: optional(text),
  client_secret: z.enum(['required', 'none']).default('none'),
  /** The service registers clients from a list only, and Nucleus is not on it. */
  known_clients_only: z.boolean().default(false),
  /** Asked for besides those the server names. */
  scopes: z.array(text).default([]),
  /** Instead of what the server's metadata says. */
  resource: optional(webAddress),
  /** Must equal what discovery finds; never replaces it. */
  issuer_hint: optional(webAddress),
  redirect: z
    .strictObject({
      kind: z.enum(['loopback', 'fixed']).default('loopback'),
      host: z.enum(['127.0.0.1', 'localhost']).default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(0),
      path: z
        .string()
        .regex(/^\/[A-Za-z0-9/_.-]*$/, 'must be a path that begins with /')
        .default('/callback'),
    })
    .default({ kind: 'loopback', host: '127.0.0.1', port: 0, path: '/callback' }),
  browser: z.enum(['either', 'window', 'system']).default('either'),
  /** Sent along to the sign-in page. */
  params: z.record(z.string(), template).default({}),
  /** What one consent covers. */
  grant: z.enum(['account', 'organization', 'workspace', 'site']).default('account'),
  step_up: z.boolean().default(false),
  note: optional(text),
});

const Token = z.strictObject({
  label: optional(text),
  /** What such a token begins with; another one is warned about. */
  prefix: z
    .union([text, z.array(text)])
    .default([])
    .transform((prefix) => (typeof prefix === 'string' ? [prefix] : prefix)),
  /** The page where one is made. */
  create: optional(webAddress),
  /** What it should be allowed to, in the service's words. */
  scopes: z.array(text).default([]),
  expires: z.boolean().default(false),
  header: optional(z.strictObject({ name: headerName, value: template })),
  headers: z.record(headerName, template).default({}),
  secrets: z.array(plainName).min(1).default(['token']),
  note: optional(text),
});

const Basic = z.strictObject({
  /** The metadata field that is the user name. */
  user: plainName,
  label: optional(text),
  create: optional(webAddress),
  note: optional(text),
});

/** OAuth without a person: client_credentials. */
const Machine = z.strictObject({
  proof: z.enum(['client_secret', 'private_key_jwt']).default('client_secret'),
  /** The metadata field that is the client's id. */
  client: plainName,
  scopes: z.array(text).default([]),
  audience: optional(text),
  note: optional(text),
});

/** Credentials that lie outside Nucleus, such as those of `az login`. */
const Ambient = z.strictObject({
  /** Variables of the gateway's environment the server may see. */
  env: z.array(variable).default([]),
  note: optional(text),
});

/** The `[signin]` of a manifest. */
export const SignIn = z.strictObject({
  oauth: optional(Oauth),
  token: optional(Token),
  basic: optional(Basic),
  machine: optional(Machine),
  ambient: optional(Ambient),
});
export type SignIn = z.output<typeof SignIn>;
export type OauthSignIn = z.output<typeof Oauth>;

export const noSignIn: SignIn = { oauth: null, token: null, basic: null, machine: null, ambient: null };

/** Names of the secrets a profile brings for a method. */
export function secretsOfMethod(signIn: SignIn, method: AuthMethod): readonly string[] {
  if (method === 'token') return signIn.token?.secrets ?? ['token'];
  if (method === 'basic') return ['token'];
  if (method === 'machine')
    return [signIn.machine?.proof === 'private_key_jwt' ? 'private_key' : 'client_secret'];
  return [];
}
