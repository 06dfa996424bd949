/** Keys are written otherwise there, and the title bar lies over the page. */
export function isMac(): boolean {
  return navigator.userAgent.includes('Macintosh');
}
