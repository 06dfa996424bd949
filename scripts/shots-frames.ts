import type { Browser } from 'playwright-core';
import * as activity from './shots-activity.ts';
import * as data from './shots-data.ts';

/* npm run shots -- frames: how long the frames of a scroll through 100,000 calls take in a real Chromium. */

const size = 100_000;

/** A gateway with so many calls, whose answers take a moment and come as the copies that a window gets. */
const bridge = `
  const answers = ${JSON.stringify({ ...data.answers, 'settings.get': { ...data.settings, view: 'activity' } })};
  const rows = ${JSON.stringify(activity.rows.slice(0, 40))};
  const listeners = new Set();
  let newest = ${size};
  const rowOf = (seq) => ({ ...rows[seq % rows.length], id: 'f00df00df00df00d-' + seq, seq,
    ts: new Date(${data.now} - (${size} - seq) * 30).toISOString(), duration: seq % 997 });
  window.live = (amount) => { newest += amount; for (const listener of listeners) listener(['activity']); };
  window.nucleus = {
    async ask(name, input) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      let value = answers[name];
      if (name === 'audit.query') {
        const from = input.before === null ? newest : Number(input.before.split('-')[1]) - 1;
        const page = [];
        for (let seq = from; seq > 0 && page.length < input.limit; seq -= 1) page.push(rowOf(seq));
        value = { rows: page, next: from - page.length > 0 ? page.at(-1).id : null, isComplete: true };
      }
      if (name === 'audit.timeline') value = { ...value, total: newest };
      return { ok: true, value: structuredClone(value) };
    },
    on(listener) { listeners.add(listener); return () => listeners.delete(listener); },
  };`;

/** Scrolls by so much a frame, and says how many rows there were at most. */
const scroll = (by: number, frames: number, isLive: boolean): string => `new Promise((resolve) => {
  const box = document.querySelector('.ActivityTable');
  let left = ${frames}, most = 0, sign = 1;
  const frame = () => {
    const end = box.scrollHeight - box.clientHeight;
    if (box.scrollTop >= end - 1) sign = -1;
    if (box.scrollTop <= 0) sign = 1;
    box.scrollTop += sign * ${by};
    most = Math.max(most, box.querySelectorAll('tr').length);
    if (${isLive} && left % 15 === 0) live(3);
    if (left-- > 0) requestAnimationFrame(frame);
    else resolve(most);
  };
  requestAnimationFrame(frame);
})`;

/** Milliseconds of CPU, not of the clock: on a machine with other work that is what the page itself needs. */
export function mainThreadTasks(trace: Buffer): number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as {
    traceEvents: readonly { name: string; pid: number; tid: number; tdur?: number }[];
  };
  const drawn = traceEvents.filter(({ name }) => name === 'FireAnimationFrame');
  const [main] = drawn;
  return traceEvents
    .filter(({ name, pid, tid }) => name.endsWith('RunTask') && pid === main?.pid && tid === main.tid)
    .map(({ tdur = 0 }) => tdur / 1_000)
    .filter((milliseconds) => milliseconds > 0.3)
    .sort((a, b) => a - b);
}

export async function measureFrames(browser: Browser, address: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 960, height: 640 }, timezoneId: 'UTC' });
  await page.addInitScript({ content: bridge });
  await page.goto(address);
  await page.locator('.ActivityRow').first().waitFor();
  const began = performance.now();
  await page.getByRole('grid').focus();
  await page.keyboard.press('End');
  await page
    .locator(`[aria-rowindex="${size}"]:not([aria-busy])`)
    .waitFor({ state: 'attached', timeout: 120_000 });
  console.log(`to the end of ${size} calls by End: ${Math.round(performance.now() - began)} ms`);
  for (const [name, by, frames, live] of [
    ['slowly', 40, 300, false],
    ['a page a frame', 480, 300, false],
    ['1,000 rows a frame', 32_000, 200, false],
    ['slowly while 12 calls a second come', 40, 300, true],
  ] as const) {
    await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] });
    const rows = (await page.evaluate(scroll(by, frames, live))) as number;
    const work = mainThreadTasks(await browser.stopTracing());
    const at = (part: number): string => (work[Math.floor((work.length - 1) * part)] ?? NaN).toFixed(1);
    console.log(
      `${name}: ${frames} frames, CPU of a frame p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms, ` +
        `${work.filter((one) => one > 16).length} over 16 ms; at most ${rows} rows exist`,
    );
  }
  await page.close();
}
