/** What a page of ours may load and do: its own files, nothing from anywhere else. `connect` is whom it may ask. */
export function contentSecurityPolicy(connect: "'none'" | "'self'"): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src ${connect}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types svelte-trusted-html',
  ].join('; ');
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  json: 'application/json',
};

/** A file of the built renderer: the names from its folder down, and what it is. */
export interface PageFile {
  readonly parts: readonly string[];
  readonly type: string;
}

/** The file the path of a URL names; null when it names none of our kind, or one outside of the folder. */
export function pageFile(pathname: string): PageFile | null {
  const parts = partsOf(pathname);
  const type = types[/\.(\w+)$/.exec(parts?.at(-1) ?? '')?.[1] ?? ''];
  return parts === null || type === undefined ? null : { parts, type };
}

function partsOf(pathname: string): readonly string[] | null {
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  if (path === '/') return ['index.html'];
  const parts = path.slice(1).split('/');
  // The names of our own files; with that, dots, drives, streams, NUL and separators of any system are out.
  return parts.every((part) => /^[\w-][\w.-]*$/.test(part)) ? parts : null;
}
