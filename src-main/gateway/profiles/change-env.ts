import { NucleusError } from '../../../src-shared/errors.ts';
import type { Profile } from '../../../src-shared/model.ts';
import type { EnvClass } from '../../../src-shared/policy.ts';
import type { ProfileStore } from '../storage/profile-store.ts';
import type { EnvClasses } from './env-classes.ts';

/** The class of a profile that is there. */
export interface ClassChanges {
  /** Only where it has none: anybody may be stricter than nothing. */
  give(id: string, env: EnvClass): Promise<Profile>;
  /** Any class, or none: for a person only. */
  change(id: string, env: EnvClass | null): Promise<Profile>;
}

export function createClassChanges(deps: {
  /** Throws where there is none. */
  existing(id: string): Profile;
  readonly envs: EnvClasses;
  readonly store: Pick<ProfileStore, 'setEnv'>;
  onChange(id: string): void;
}): ClassChanges {
  const { existing, envs, store } = deps;

  async function put(id: string, env: EnvClass | null, check: () => void): Promise<Profile> {
    check();
    await envs.keep({ [id]: env }, () => {
      // Somebody else may have changed it meanwhile.
      check();
      store.setEnv(id, env);
    });
    deps.onChange(id);
    return existing(id);
  }

  return {
    give: (id, env) =>
      put(id, env, () => {
        const { env: before = env } = existing(id);
        if (before !== env) throw classTaken(id, before);
      }),
    change: (id, env) => put(id, env, () => void existing(id)),
  };
}

/** Another class may allow more, so programs cannot give it. */
export function classTaken(id: string, env: EnvClass): NucleusError {
  return new NucleusError(
    'PERSON_REQUIRED',
    `the class of ${id} is ${env}, and only a person may change it: in the app, or with nucleus env ${id} CLASS`,
    { profile: id, env },
  );
}
