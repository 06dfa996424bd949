import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import type { Scope } from './home.ts';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
/** The machine may be busy with other tests. */
const patience = 30_000;

/** One page, and what it complained about. */
export interface Tab {
  readonly page: Page;
  /** Errors of scripts, of the console, and what the content policy forbade. */
  readonly problems: string[];
}

/** A browser without a screen; a test that opens one asks first whether it `needs` it. */
export async function openChromium(scope: Scope): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath,
    timeout: patience,
    args: '--no-sandbox --disable-gpu --disable-quic --disable-background-networking --disable-component-update --disable-sync --no-first-run'.split(
      ' ',
    ),
  });
  scope.after(() => browser.close());
  return browser;
}

/** A browser of its own, as far as cookies go, with one tab. */
export async function openTab(
  scope: Scope,
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<Tab> {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options });
  scope.after(() => context.close());
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  return { page, problems };
}
