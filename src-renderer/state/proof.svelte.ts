import type { Reply } from '../../src-shared/bridge.ts';
import { text } from '../text.ts';
import { sentence } from './words.ts';

export interface ProofDeps {
  /** What it is for. */
  readonly act: string;
  /** Asks the gateway what proofs there are. */
  readonly ways: () => Promise<Reply>;
  /** Puts the question with the PIN. */
  readonly send: (pin: string) => Promise<Reply>;
  readonly onEnd: (reply: Reply) => void;
  /** Nothing is shown any more; the end may come later. */
  readonly onClose: () => void;
}

/** One act that waits for the approval PIN. What is typed is forgotten as it is sent. */
export class Proof {
  readonly kind = 'proof';
  readonly act: string;
  pin = $state('');
  problem = $state.raw<string | null>(null);
  isBusy = $state(false);
  /** `none`: there is no PIN; `locked`: it may not be tried for now. */
  way = $state<'asking' | 'pin' | 'none' | 'locked'>('asking');
  readonly #deps: ProofDeps;

  constructor(deps: ProofDeps) {
    this.#deps = deps;
    this.act = deps.act;
  }

  async begin(): Promise<void> {
    const reply = await this.#deps.ways();
    if (!reply.ok) return this.#end(reply);
    const { hasPin, pinLockedUntil } = reply.value as Ways;
    if (pinLockedUntil !== null) this.#lock(pinLockedUntil);
    else this.way = hasPin ? 'pin' : 'none';
  }

  async confirm(): Promise<void> {
    const { pin } = this;
    if (this.isBusy || this.way !== 'pin') return;
    if (pin === '') {
      this.problem = text.web.pinNeeded;
      return;
    }
    this.isBusy = true;
    this.problem = null;
    this.pin = '';
    const reply = await this.#deps.send(pin);
    this.isBusy = false;
    if (reply.ok || reply.error.code !== 'PIN_WRONG') return this.#end(reply);
    const { lockedUntil, triesLeft } = (reply.error.data ?? {}) as Refusal;
    if (lockedUntil !== undefined) this.#lock(lockedUntil);
    else if (triesLeft !== undefined) this.problem = text.web.pinWrong(triesLeft);
    else this.problem = sentence(reply.error.message);
  }

  /** Nothing is done, unless it is under way: then it goes on, and only the dialog goes. */
  cancel(): void {
    if (this.isBusy) this.#deps.onClose();
    else this.#end({ ok: false, error: { code: 'PERSON_REQUIRED', message: text.web.notConfirmed } });
  }

  #lock(until: number): void {
    this.way = 'locked';
    const time = new Date(until).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    this.problem = text.web.pinLocked(time);
  }

  #end(reply: Reply): void {
    this.pin = '';
    this.#deps.onClose();
    this.#deps.onEnd(reply);
  }
}

/** What the gateway says of a wrong PIN. */
interface Refusal {
  readonly triesLeft?: number;
  readonly lockedUntil?: number;
}

interface Ways {
  readonly hasPin: boolean;
  readonly pinLockedUntil: number | null;
}
