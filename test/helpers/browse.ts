/** A person at a browser with cookies of its own: opens a page and answers with the redirect, which it does not follow. */
export async function browse(
  page: string,
  { person = 'alice', answer = 'yes' }: { readonly person?: string; readonly answer?: 'yes' | 'no' } = {},
): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = new URL(page);
  const redirect = new URL(url.searchParams.get('redirect_uri') ?? '');
  for (let hop = 0; hop < 20; hop += 1) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        'x-person': person,
        'x-answer': answer,
      },
    });
    const text = await response.text();
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null)
      throw new Error(`the browser stands at ${url.href}: HTTP ${response.status} ${text.slice(0, 300)}`);
    url = new URL(location, url);
    if (url.origin === redirect.origin && url.pathname === redirect.pathname) return url;
  }
  throw new Error('the browser goes in circles');
}

/** As `browse`, and follows the redirect. */
export async function browseBack(
  page: string,
  options: Parameters<typeof browse>[1] = {},
): Promise<Response> {
  return fetch(await browse(page, options));
}
