import { createHash } from 'node:crypto';

/** What stands in the strip above a sign-in page. */
export interface StripText {
  /** The host in two parts: the part anyone can choose, and the registrable domain, which names the owner. */
  readonly subdomain: string;
  readonly domain: string;
  /** With its colon, empty for the usual one. */
  readonly port: string;
  readonly scheme: 'https://' | 'http://';
  /** Takes the place of the address when there is something to say. */
  readonly note: string;
}

/** What the forms of the strip's buttons go to; the window catches it, it is never opened. */
export const reloadUrl = 'nucleus-strip:reload';
export const browserUrl = 'nucleus-strip:browser';

/** The way to the browser has a line of its own: beside it, too little of the address would be in sight. */
export function stripHeight(mayUseBrowser: boolean): number {
  return mayUseBrowser ? 116 : 76;
}

// Values of src-renderer/theme.css; the strip is a page of its own and takes nothing from elsewhere.
const style = `
:root { color-scheme: light dark; --canvas: light-dark(#f5f5f3, #131417); --surface: light-dark(#ffffff, #1a1c1f); --raised: light-dark(#ffffff, #26282d); --hover: light-dark(#f2f2ef, #212327); --line: light-dark(#e4e4e0, #2b2d32); --line-2: light-dark(#d0d0ca, #3c3f46); --ink: light-dark(#1b1c1f, #ededf0); --ink-2: light-dark(#4f5157, #b8bbc3); --ink-3: light-dark(#65676e, #979ba5); --accent: light-dark(#2a50cf, #9fb4ff);
  font: 400 13px/20px -apple-system, BlinkMacSystemFont, "Segoe UI Variable Text", "Segoe UI", "Inter", "Cantarell", "Noto Sans", system-ui, sans-serif; }
* { box-sizing: border-box; margin: 0; }
body { display: grid; grid-template: 36px 40px minmax(0, 1fr) / minmax(0, 1fr); height: 100vh; overflow: hidden; background: var(--surface); color: var(--ink); cursor: default; user-select: none; }
header { display: flex; align-items: center; gap: 6px; padding: 0 16px; background: var(--canvas); border-bottom: 1px solid var(--line); }
header span { flex: none; line-height: 15px; color: var(--ink-2); }
h1 { min-width: 0; font-size: 13px; font-weight: 600; line-height: 15px; overflow-wrap: anywhere; max-height: 30px; overflow: hidden; }
main, footer { display: flex; align-items: center; gap: 8px; padding: 0 8px 0 16px; border-bottom: 1px solid var(--line-2); }
main:has(+ footer) { border-bottom-color: transparent; }
footer { justify-content: end; padding-bottom: 4px; }
svg { flex: none; width: 16px; height: 16px; fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; color: var(--ink-2); }
p { flex: 1; min-width: 0; display: flex; line-height: 16px; user-select: text; }
#subdomain { flex: 0 1000000 auto; min-width: 0; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; direction: rtl; color: var(--ink-3); }
#subdomain bdi { unicode-bidi: isolate; direction: ltr; }
#domain { flex: 0 1 auto; min-width: 0; overflow-wrap: anywhere; font-weight: 500; }
#port, #scheme { flex: none; color: var(--ink-3); }
#note { overflow-wrap: anywhere; max-height: 32px; overflow: hidden; }
button { flex: none; height: 28px; padding: 0 12px; font: inherit; font-weight: 500; color: var(--ink); background: var(--raised); border: 1px solid var(--line-2); border-radius: 6px; }
button:hover { background: var(--hover); }
button:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
[hidden] { display: none; }
@media (forced-colors: active) { button { border-color: ButtonBorder; } }
`;

const policy = [
  `default-src 'none'`,
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  `form-action ${reloadUrl.split(':')[0]}:`,
  `base-uri 'none'`,
].join('; ');

/** The strip's page as a data: URL. It holds no script; its text is set from the main process. */
export function stripPage(profile: string, mayUseBrowser: boolean): string {
  const browser = mayUseBrowser
    ? `<footer><form action="${browserUrl}"><button>Use my browser instead</button></form></footer>`
    : '';
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Sign in: ${escapeHtml(profile)}</title><style>${style}</style></head>
<body><header><span>Sign in for</span><h1>${escapeHtml(profile)}</h1></header>
<main><svg id="lock" viewBox="0 0 16 16" role="img" aria-label="Encrypted" hidden><rect x="3" y="7" width="10" height="7" rx="1.5"/><path d="M5.2 7V5a2.8 2.8 0 0 1 5.6 0v2"/></svg><svg id="here" viewBox="0 0 16 16" role="img" aria-label="On this computer" hidden><rect x="1.75" y="2.75" width="12.5" height="8.5" rx="1.5"/><path d="M5.5 14h5M8 11.5V14"/></svg>
<p role="status"><span id="scheme"></span><span id="subdomain"><bdi></bdi></span><span id="domain"></span><span id="port"></span><span id="note">Opening…</span></p>
<form action="${reloadUrl}"><button>Reload</button></form></main>${browser}</body></html>`;
  return `data:text/html;charset=utf-8,${encodeURIComponent(html)}`;
}

/** A program for the strip's page that sets its text; text only, whatever the address holds. */
export function setStripText({ scheme, subdomain, domain, port, note }: StripText): string {
  const hasNote = note !== '';
  const isEncrypted = scheme === 'https://';
  const texts = {
    '#scheme': hasNote ? '' : scheme,
    '#subdomain bdi': hasNote ? '' : subdomain,
    '#domain': hasNote ? '' : shortened(domain),
    '#port': hasNote ? '' : port,
    '#note': note,
  };
  const hides = { '#lock': hasNote || !isEncrypted, '#here': hasNote || isEncrypted };
  return `for (const [place, text] of Object.entries(${JSON.stringify(texts)})) document.querySelector(place).textContent = text;
for (const [place, isHidden] of Object.entries(${JSON.stringify(hides)})) document.querySelector(place).toggleAttribute('hidden', isHidden);`;
}

/** Two lines hold about 70 characters; both ends of a longer name stay in sight. */
function shortened(domain: string): string {
  return domain.length <= 64 ? domain : `${domain.slice(0, 31)}…${domain.slice(-32)}`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
