import type { Binding } from '../route.ts';

/** An account as the ranker knows it: a binding of a view, and what kind of environment a person said it is. */
export interface Account extends Binding {
  readonly environment?: 'prod' | 'staging' | 'dev' | 'personal' | null;
}
