import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

export interface Looking {
  /** Of one theme the structure is looked at, too: it is the same in the other. */
  readonly structure: boolean;
  /** Not where the system gives its own: then the page's are not what one sees. */
  readonly colours: boolean;
}

/** What no eye should have to find on a page: what is cut, what has no name, what scrolls sideways, what axe-core says. */
export async function lookAt(page: Page, { structure, colours }: Looking): Promise<string[]> {
  return [
    ...(await page.evaluate<string[]>(cutOrNameless)),
    ...(await page.evaluate<string[]>(sideways)),
    ...(structure || colours ? await accused(page, { structure, colours }) : []),
  ];
}

async function accused(page: Page, { structure, colours }: Looking): Promise<string[]> {
  // Not a script tag: the page's own policy forbids one that it did not bring along.
  await page.evaluate(axe);
  const options = {
    runOnly: structure ? rules : ['color-contrast'],
    rules: structure ? { ...beside, 'color-contrast': { enabled: colours } } : {},
    resultTypes: ['violations'],
  };
  return page.evaluate<string[]>(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations.map(
      ({ id, help, nodes }) => id + ': ' + help + ' :: ' + nodes.slice(0, 4).map(
        ({ target, any }) => target.join(' ') + ' ' + (any[0]?.message ?? '').slice(0, 130)).join(' ; ')))`,
  );
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** Experimental, and wrong of the options of a list: each is named by a sentence, in the order that helps the ear. */
const beside = { 'label-content-name-mismatch': { enabled: false } };

/** Text cut off that is not meant to be, controls without a name. */
const cutOrNameless = `[...document.querySelectorAll('body *')].flatMap((element) => {
  const style = getComputedStyle(element);
  const isCut = element.scrollWidth > element.clientWidth + 1 && style.overflowX === 'hidden' &&
    style.textOverflow !== 'ellipsis' && !element.closest('.sr, svg') && element.clientWidth > 1 && style.clipPath === 'none';
  const isNameless = element.matches('button, a, input, select, [role=option]') &&
    !(element.getAttribute('aria-label') || element.textContent.trim() || element.labels?.length);
  const hasStyle = element.hasAttribute('style');
  const name = element.tagName.toLowerCase() + '.' + element.getAttribute('class');
  return [isCut && name + ' is cut', isNameless && name + ' has no name', hasStyle && name + ' has a style'].filter(Boolean);
})`;

/** Neither the page nor a pane of it; a table or a text may, in a box of its own that keys reach. */
const sideways = `[document.scrollingElement, ...document.querySelectorAll('body *')].flatMap((element) => {
  const isWider = element.scrollWidth > element.clientWidth + 1;
  const scrolls = element === document.scrollingElement || ['auto', 'scroll'].includes(getComputedStyle(element).overflowX);
  if (!isWider || !scrolls || element.matches('pre, textarea, [tabindex="0"]')) return [];
  return [element.tagName.toLowerCase() + '.' + element.getAttribute('class') + ' scrolls sideways: ' +
    element.scrollWidth + ' in ' + element.clientWidth];
})`;
