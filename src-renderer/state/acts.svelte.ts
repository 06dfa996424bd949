import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';

/** What a part of the window does: the last act that failed, and the way to do it once more. */
export class Acts {
  /** What the last act ran into. */
  problem = $state.raw<NucleusError | null>(null);
  /** The act that ran into it, once more. */
  again: (() => Promise<unknown>) | null = null;

  /** Whether it was done; why not, `problem` says. */
  protected async act(act: () => unknown): Promise<boolean> {
    this.problem = null;
    this.again = () => this.act(act);
    try {
      await act();
      return true;
    } catch (error) {
      this.problem = toNucleusError(error);
      return false;
    }
  }
}
