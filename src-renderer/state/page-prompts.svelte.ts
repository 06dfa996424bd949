import type { Reply } from '../../src-shared/bridge.ts';
import { Proof, type ProofDeps } from './proof.svelte.ts';

/** A path to be typed, where there is no file dialog. */
export interface PathPrompt {
  readonly kind: 'path';
  readonly title: string;
  end(path: string | null): void;
}

/** Something to be read and copied. */
export interface Note {
  readonly kind: 'note';
  readonly title: string;
  readonly value: string;
  end(): void;
}

export type Prompt = Proof | PathPrompt | Note;

/** What the page asks in a dialog of its own, one after the other. */
export class PagePrompts {
  shown = $state.raw<Prompt | null>(null);
  #waiting: readonly Prompt[] = [];

  prove(deps: Pick<ProofDeps, 'act' | 'ways' | 'send'>): Promise<Reply> {
    return new Promise((resolve) => {
      const proof: Proof = new Proof({ ...deps, onEnd: resolve, onClose: () => this.#close(proof) });
      void proof.begin();
      this.#open(proof);
    });
  }

  askPath(title: string): Promise<string | null> {
    return new Promise((resolve) => {
      const prompt: PathPrompt = {
        kind: 'path',
        title,
        end: (path) => {
          this.#close(prompt);
          resolve(path);
        },
      };
      this.#open(prompt);
    });
  }

  show(title: string, value: string): void {
    const note: Note = { kind: 'note', title, value, end: () => this.#close(note) };
    this.#open(note);
  }

  #open(prompt: Prompt): void {
    if (this.shown === null) this.shown = prompt;
    else this.#waiting = [...this.#waiting, prompt];
  }

  #close(prompt: Prompt): void {
    this.#waiting = this.#waiting.filter((one) => one !== prompt);
    if (this.shown !== prompt) return;
    const [next = null, ...rest] = this.#waiting;
    this.shown = next;
    this.#waiting = rest;
  }
}
