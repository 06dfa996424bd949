import type { IncomingMessage } from 'node:http';
import { NucleusError } from '../../../src-shared/errors.ts';

type Judged = Pick<IncomingMessage, 'url' | 'method' | 'headers'>;

const ownHost = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i;

/**
 * Keeps other web pages out; null lets a request pass. The port in Host may be another than ours, since a tunnel
 * (ssh -L) has one of its own; a browser writes there where it really went, so no page can choose it.
 */
export function judge({ url = '', method = '', headers }: Judged): NucleusError | null {
  const { host = '', origin } = headers;
  const site = headers['sec-fetch-site'];
  // A name of a page's own that resolves to this machine (DNS rebinding) stands in Host as that name.
  if (!url.startsWith('/') || !ownHost.test(host))
    return new NucleusError(
      'HOST_REFUSED',
      'this page is for a browser of this machine: open the link nucleus ui prints, as it is',
    );
  const isRead = method === 'GET' || method === 'HEAD';
  const isForeign = origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`;
  // Every browser says where a POST comes from.
  const isNobody = origin === undefined && !isRead;
  const isCross = !isRead && site !== undefined && site !== 'same-origin';
  if (isForeign || isNobody || isCross)
    return new NucleusError('ORIGIN_REFUSED', 'only the page of nucleus ui itself may ask here');
  return null;
}
