import type { AuditVerification } from '../../src-shared/audit.ts';
import type { WindowApi } from '../api.ts';
import { text } from '../text.ts';
import { Resource } from './resource.svelte.ts';
import type { OutcomeWord } from './activity-words.ts';

/** Looking through the whole record takes some seconds: not more often than this by itself. */
const pauseMs = 10 * 60_000;

/** Whether the record is as it was written. */
export class RecordCheck {
  isRunning = $state(false);
  readonly result: Resource<AuditVerification>;
  /** When the last record before the bad one was written; null where nobody knows. */
  readonly lastGood: Resource<number | null>;
  readonly state: OutcomeWord = $derived.by(() => this.#word());
  #checkedAt: number | null = null;

  constructor(api: WindowApi) {
    this.result = new Resource(() => api.audit.verify({}));
    this.lastGood = new Resource(async () => {
      const seq = this.result.value?.problem?.seq ?? 0;
      if (seq < 2) return null;
      const { line } = await api.audit.record({ seq: seq - 1 });
      const at = Date.parse(/"ts":"([^"]+)"/.exec(line ?? '')?.[1] ?? '');
      return Number.isNaN(at) ? null : at;
    });
  }

  /** The view is on screen: looks when the last look is too old. */
  async open(): Promise<void> {
    if (this.#checkedAt === null || Date.now() - this.#checkedAt >= pauseMs) await this.check();
  }

  async check(): Promise<void> {
    if (this.isRunning) return;
    this.#checkedAt = Date.now();
    this.isRunning = true;
    await this.result.refresh();
    this.isRunning = false;
    if (this.result.value?.state === 'broken') await this.lastGood.refresh();
  }

  #word(): OutcomeWord {
    const words = text.activity.chain;
    const state = this.result.value?.state;
    if (state === 'broken') return { word: words.broken, icon: 'badc', tone: 'bad' };
    if (state === 'intact') return { word: words.intact, icon: 'okc', tone: 'ok' };
    if (state === 'empty') return { word: words.live, icon: 'okc', tone: 'ok' };
    if (this.isRunning) return { word: words.checking, icon: 'clock', tone: 'plain' };
    return { word: words.unknown, icon: 'dots', tone: 'plain' };
  }
}
