/** What every runtime we run in has and ECMAScript's own library does not declare. Seen by this folder's own check only. */
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
}
