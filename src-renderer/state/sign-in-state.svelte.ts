import type { BeginSignIn, SignInState } from '../../src-shared/sign-in.ts';
import { toNucleusError } from '../../src-shared/errors.ts';
import { text } from '../text.ts';
import type { AppState } from './app-state.svelte.ts';

type Asked = Omit<BeginSignIn, 'profile' | 'how'>;
type Failed = NonNullable<SignInState['problem']>;

/** Signing in for one profile: begun here and waited for, or begun elsewhere and followed; cancelled, taken to the browser. */
export class SigningIn {
  readonly profile: string;
  /** null until the gateway found the page. */
  begun = $state.raw<SignInState | null>(null);
  /** How the last try ended; null while one is under way. */
  ended = $state.raw<SignInState | Failed | null>(null);
  now = $state(Date.now());
  /** The address a browser ended at that cannot reach the gateway's machine, as it is pasted. */
  redirect = $state('');
  redirectProblem = $state.raw<string | null>(null);
  /** Here, by the person. */
  wasCancelled = false;
  /** Its latest word, which the announcement of a change may bring before the end does. */
  readonly state: SignInState | null = $derived.by(
    () => this.#app.signIns.value?.find(({ id }) => id === this.begun?.id) ?? this.begun,
  );
  readonly isOpen: boolean = $derived(this.ended === null);
  /** Whoever signed in though the profile belongs to somebody else. */
  readonly other: string | null = $derived.by(() => {
    const { ended } = this;
    return ended && 'phase' in ended && ended.problem?.code === 'OTHER_ACCOUNT' ? ended.account : null;
  });
  readonly #app: AppState;
  #turn = 0;

  constructor(app: AppState, profile: string) {
    this.#app = app;
    this.profile = profile;
  }

  /** Begins, or begins anew; answers when it is over, or null when another try took its place. */
  async begin(how: 'window' | 'browser' | 'manual', asked: Asked): Promise<SignInState | Failed | null> {
    this.#turn += 1;
    const turn = this.#turn;
    this.begun = null;
    this.ended = null;
    this.wasCancelled = false;
    this.redirect = '';
    this.redirectProblem = null;
    this.now = Date.now();
    // A page cannot open a window, nor the gateway a browser where the person sits: it shows the address.
    const way = this.#app.shell === 'page' ? 'manual' : how;
    const end = await this.#run(turn, { ...asked, profile: this.profile, how: way });
    if (turn !== this.#turn) return null;
    this.ended = end;
    return end;
  }

  /** Follows one that the tray or a command began: the window does not have to stay for it. */
  follow(state: SignInState): void {
    this.begun = state;
    this.ended = isOver(state) ? state : null;
  }

  /** Takes the pasted address in the browser's place. */
  async finish(): Promise<void> {
    const { state, redirect } = this;
    if (state === null || redirect.trim() === '') return;
    try {
      const { isTaken } = await this.#app.api.signIn.finish({ id: state.id, redirect: redirect.trim() });
      this.redirectProblem = isTaken ? null : text.signIn.notIts;
    } catch (error) {
      this.redirectProblem = toNucleusError(error).message;
    }
  }

  async cancel(): Promise<void> {
    this.wasCancelled = true;
    // It may have ended by itself in between; its end says so.
    await this.#app.api.signIn.cancel({ profile: this.profile }).catch(() => {});
  }

  async #run(turn: number, input: BeginSignIn): Promise<SignInState | Failed> {
    try {
      const begun = await this.#app.api.signIn.begin(input);
      if (turn === this.#turn) this.begun = begun;
      return await this.#app.api.signIn.wait({ id: begun.id });
    } catch (error) {
      const { code, message } = toNucleusError(error);
      return { code, message };
    }
  }
}

/** Whether nobody is waited for any more. */
export function isOver({ phase }: SignInState): boolean {
  return phase === 'done' || phase === 'failed';
}

/** Whether it ended with somebody signed in. */
export function isSignedIn(end: SignInState | Failed | null): end is SignInState {
  return end !== null && 'phase' in end && end.phase === 'done';
}

/** Why nobody is. */
export function whyNot(end: SignInState | Failed): Failed | null {
  return 'phase' in end ? end.problem : end;
}
