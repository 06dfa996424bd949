import * as z from 'zod';
import type { Updates } from '../../src-shared/updates.ts';

/**
 * Where releases are, in the shape of GitHub's API. package.json names no repository yet, so these are names that
 * nobody can own, and nothing is asked of them; both become the repository's when there is one.
 */
export const releases = {
  latest: 'https://api.nucleus.invalid/repos/nucleus/nucleus/releases/latest',
  page: 'https://nucleus.invalid/nucleus/nucleus/releases/latest',
} as const;

const dayMs = 24 * 60 * 60_000;

/** What one look brought: the newest release, null where there is none yet, or why nothing was found out. */
export type LookAnswer = { readonly version: string | null } | { readonly problem: string };

/** What is kept of all looks. */
export const LastLook = z.object({
  at: z.int(),
  /** The newest that any of them found. */
  version: z.string().max(40).nullable(),
  problem: z.string().max(300).nullable(),
});
export type LastLook = z.infer<typeof LastLook>;

const Release = z.object({
  tag_name: z.string().max(40),
  draft: z.boolean().default(false),
  prerelease: z.boolean().default(false),
});

/** Reads GitHub's answer. Of its text only three numbers go on; what comes before a release counts as none. */
export function readRelease(body: string): LookAnswer {
  const release = Release.safeParse(parseJson(body));
  const version = release.success ? readVersion(release.data.tag_name) : null;
  if (!release.success || version === null) return { problem: 'the answer names no version as releases do' };
  const { draft, prerelease } = release.data;
  return { version: draft || prerelease || version.isEarly ? null : version.numbers.join('.') };
}

/** A look that failed takes back nothing that was known. */
export function afterLook(before: LastLook | null, at: number, answer: LookAnswer): LastLook {
  if ('problem' in answer) return { at, version: before?.version ?? null, problem: answer.problem };
  return { at, version: answer.version, problem: null };
}

/** What the looks say to somebody who runs `own`: what was installed meanwhile is no news any more. */
export function newsOf({ at, version, problem }: LastLook, own: string): Pick<Updates, 'newer' | 'last'> {
  const isNews = version !== null && isNewer(version, own);
  return {
    newer: isNews ? { version, page: releases.page } : null,
    last: { at, problem, nextAt: at + dayMs },
  };
}

/** How long until the next look. A clock that was set back must not put it off for longer than a day. */
export function waitFor(look: LastLook | null, now: number): number {
  return look === null ? 0 : Math.min(Math.max(0, look.at + dayMs - now), dayMs);
}

/** https://semver.org/#spec-item-11, of a release and of what runs, which may come from before its release. */
export function isNewer(release: string, own: string): boolean {
  const [there, here] = [readVersion(release), readVersion(own)];
  if (there === null || here === null || there.isEarly) return false;
  for (const [index, number] of there.numbers.entries()) {
    const difference = number - (here.numbers[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return here.isEarly;
}

function readVersion(
  text: string,
): { readonly numbers: readonly number[]; readonly isEarly: boolean } | null {
  const [whole, ...parts] =
    /^v?(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(-[\dA-Za-z.-]+)?(?:\+[\dA-Za-z.-]+)?$/.exec(
      text,
    ) ?? [];
  if (whole === undefined) return null;
  return { numbers: parts.slice(0, 3).map(Number), isEarly: parts[3] !== undefined };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is no JSON is no release either, and the schema says so.
    return null;
  }
}
