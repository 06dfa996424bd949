import { createHash } from 'node:crypto';
import type { AddProfile } from '../../../src-shared/contract.ts';
import { toNucleusError } from '../../../src-shared/errors.ts';
import type { ImportResult } from '../../../src-shared/import.ts';
import type { Profile } from '../../../src-shared/model.ts';
import type { ImportApi } from './import.ts';
import { idOfProfile, type Planned } from './plan.ts';
import { markOf, type Import } from './record.ts';

/** So many are added at once: each may download a server to start it. */
const atOnce = 4;

export interface Outcome {
  readonly added: ImportResult['added'];
  readonly failed: ImportResult['failed'];
  /** Ids of the servers whose entries are of no more use. */
  readonly done: ReadonlySet<string>;
}

/** Adds what is new, some at a time; what fails is told, and the others go on. */
export async function addAll(
  chosen: readonly Planned[],
  deps: {
    readonly api: ImportApi;
    /** Names of the connectors there were. */
    readonly known: ReadonlySet<string>;
    /** Called as soon as a profile is stored. */
    onAdded(
      profile: Import['profiles'][number],
      connector: string | null,
      mark: ReturnType<typeof markOf> | null,
    ): void;
  },
): Promise<Outcome> {
  const added: ImportResult['added'] = [];
  const failed: ImportResult['failed'] = [];
  const done = new Set<string>();

  async function addOne(servers: readonly Planned[], input: AddProfile): Promise<void> {
    try {
      const { profile, probe } = await deps.api.profiles.add({ ...input, connect: true });
      const secrets = input.secrets ?? {};
      deps.onAdded(
        { id: profile.id, createdAt: profile.createdAt, shape: shapeOf(profile) },
        deps.known.has(profile.connector) ? null : profile.connector,
        Object.keys(secrets).length === 0 ? null : markOf(secrets),
      );
      // It is the command that the client started: where it does not answer here, it did not there.
      added.push({
        profile: profile.id,
        tools: probe?.ok ? probe.tools : null,
        problem: probe === null || probe.ok ? null : probe.message,
      });
      for (const { shown } of servers) done.add(shown.id);
    } catch (error) {
      const problem = toNucleusError(error).message;
      for (const { shown } of servers) failed.push({ name: shown.name, file: shown.file, problem });
    }
  }

  const profiles = new Map<string, Planned[]>();
  for (const server of chosen) {
    if (server.add) {
      const id = idOfProfile(server.add);
      profiles.set(id, [...(profiles.get(id) ?? []), server]);
    } else if (server.shown.state === 'known') done.add(server.shown.id);
    else {
      const { name, file, reason } = server.shown;
      failed.push({ name, file, problem: reason ?? 'it cannot be brought in' });
    }
  }
  const waiting = [...profiles.values()];
  const work = async (): Promise<void> => {
    for (let servers = waiting.shift(); servers; servers = waiting.shift())
      if (servers[0]?.add) await addOne(servers, servers[0].add);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { added: added.toSorted((a, b) => (a.profile < b.profile ? -1 : 1)), failed, done };
}

/** What makes a profile the one that was imported; without what people choose for it later. */
export function shapeOf({ launch, variant, auth }: Profile): string {
  return createHash('sha256')
    .update(JSON.stringify([launch, variant ?? null, auth ?? null]))
    .digest('hex');
}
