import { isObject, type Params } from '../wire/frame.ts';

/** Passes the progress of a request on under the token its client gave; undefined when it gave none. */
export function progressOf(
  params: Params,
  pass: (progress: Params) => void,
): ((progress: Params) => void) | undefined {
  const token = isObject(params['_meta']) ? params['_meta']['progressToken'] : undefined;
  if (typeof token !== 'string' && typeof token !== 'number') return undefined;
  return (progress) => pass({ ...progress, progressToken: token });
}
