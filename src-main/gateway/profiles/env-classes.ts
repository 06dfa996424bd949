import { NucleusError } from '../../../src-shared/errors.ts';
import type { Profile } from '../../../src-shared/model.ts';
import type { EnvClass } from '../../../src-shared/policy.ts';
import type { Guard } from '../storage/guard-store.ts';

/** Which class each profile has. */
export interface EnvClasses {
  /** What calls are judged by: the class a person was told of, whatever the registry says by now. */
  of(profile: Pick<Profile, 'id' | 'env'>): EnvClass | null;
  /** The profile with that class. */
  apply(profile: Profile): Profile;
  /** Keeps these classes, null for none, and runs `write`: both or neither. At once where nothing has to be kept. */
  keep(classes: Readonly<Record<string, EnvClass | null>>, write: () => void): Promise<void>;
  warnings(profiles: readonly Profile[]): string[];
}

/** The registry may be edited by any program of the user, so the classes are kept where only Nucleus can write as well. */
export function createEnvClasses({ guard }: { readonly guard: Guard }): EnvClasses {
  function kept(id: string): EnvClass | null {
    const state = guard.state();
    return state === 'unreadable' ? null : (state.envs[id] ?? null);
  }

  function of({ id, env }: Pick<Profile, 'id' | 'env'>): EnvClass | null {
    return kept(id) ?? env ?? null;
  }

  return {
    of,
    apply(profile) {
      const env = of(profile);
      return env === null ? profile : { ...profile, env };
    },
    async keep(classes, write) {
      const state = guard.state();
      const changes = Object.entries(classes);
      if (state !== 'unreadable' && changes.every(([id, env]) => (state.envs[id] ?? null) === env))
        return write();
      let isWritten = false;
      try {
        await guard.change(
          (now) => ({ ...now, envs: merge(now.envs, changes) }),
          () => {
            write();
            isWritten = true;
          },
        );
      } catch (error) {
        // What only goes is no reason to stay: who comes under this id later brings a class of its own, or none.
        const isGoing = changes.every(([, env]) => env === null) && !isWritten;
        if (!isGoing || !(error instanceof NucleusError) || error.code !== 'VAULT_LOCKED') throw error;
        write();
      }
    },
    warnings: (profiles) =>
      profiles.flatMap(({ id, env }) =>
        kept(id) === null || kept(id) === env
          ? []
          : [
              `the class of ${id} was changed outside Nucleus; it is judged as ${kept(id)}. To change it: nucleus env ${id} CLASS`,
            ],
      ),
  };
}

function merge(
  envs: Readonly<Record<string, EnvClass>>,
  changes: readonly (readonly [string, EnvClass | null])[],
): Record<string, EnvClass> {
  const merged = new Map(Object.entries(envs));
  for (const [id, env] of changes)
    if (env === null) merged.delete(id);
    else merged.set(id, env);
  return Object.fromEntries(merged);
}
