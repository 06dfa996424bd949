import * as z from 'zod';

/** Who is signed in for a profile. */
export const SignInInfo = z.object({
  /** A name of the account, where the service tells one. */
  account: z.string().nullable(),
  /** The authorization server. */
  issuer: z.string().nullable(),
  /** Unix milliseconds. */
  signedInAt: z.number().nullable(),
  /** Why a person has to sign in again, in words; null while nobody has to. */
  problem: z.string().nullable(),
  /** Other profiles of the same account. */
  sameAs: z.array(z.string()),
});
export type SignInInfo = z.infer<typeof SignInInfo>;

/** A sign-in under way, or the last one of a profile. */
export const SignInState = z.object({
  id: z.string(),
  profile: z.string(),
  /** `waiting`: for the person, at `url`. */
  phase: z.enum(['opening', 'waiting', 'finishing', 'done', 'failed']),
  how: z.enum(['browser', 'window', 'manual']),
  /** The page to sign in at, while it is waited for. */
  url: z.string().nullable(),
  /** Unix milliseconds: nobody is waited for longer. */
  endsAt: z.number(),
  /** Who signed in, where the service tells; with OTHER_ACCOUNT it is whoever was turned away. */
  account: z.string().nullable(),
  /** What a person should know though it succeeded. */
  notes: z.array(z.string()),
  problem: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type SignInState = z.infer<typeof SignInState>;

export const BeginSignIn = z.object({
  profile: z.string(),
  /** The system's browser, a window of the app with that profile's cookies, or a page the person opens by hand. */
  how: z.enum(['browser', 'window', 'manual']).default('browser'),
  /** Lets somebody else sign in than the account the profile belongs to. */
  otherAccount: z.boolean().default(false),
  /** An OAuth app of one's own; it is kept with the sign-in. `key` is a private key in PEM. */
  client: z
    .object({
      id: z.string().min(1).max(2_000),
      secret: z.string().max(10_000).optional(),
      key: z.string().max(20_000).optional(),
    })
    .nullable()
    .default(null),
  /** With a client and its secret or key: no person takes part. */
  isMachine: z.boolean().default(false),
  /** With a window: forgets first whom its pages remember, so that somebody else can sign in. */
  fresh: z.boolean().default(false),
  /** Removes the profile when this comes to nothing and nobody ever signed in for it. */
  removeIfFailed: z.boolean().default(false),
});
export type BeginSignIn = z.input<typeof BeginSignIn>;

/** What a connector says of its sign-in, all of it optional. */
export interface SignInSettings {
  readonly scopes?: readonly string[];
  /** Overrides what the server calls itself. */
  readonly resource?: string;
  /** More parameters of the authorization request. */
  readonly params?: Readonly<Record<string, string>>;
  /** The one port the redirect may have. */
  readonly port?: number;
  /** An app that is registered already. */
  readonly clientId?: string;
  /** The only authorization server that is trusted with it. */
  readonly issuer?: string;
  /** Where to sign in, when not everywhere. */
  readonly door?: 'window' | 'system';
}
