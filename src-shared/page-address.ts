/** A page whose text nobody on the way can change: https, or http that does not leave this machine. */
export function mayShow({ protocol, hostname }: Address): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

/** By address or by the one name that browsers always resolve to this machine; as it stands in a URL. */
export const loopbackName = /^(?:localhost|\[::1\]|127(?:\.\d{1,3}){3})$/;

export function isLoopback(hostname: string): boolean {
  return loopbackName.test(hostname);
}

/** A URL, as far as it is judged. */
interface Address {
  readonly protocol: string;
  readonly hostname: string;
}
