import type { Log } from '../platform.ts';
import type { Supervisor } from '../upstream/supervisor.ts';
import { logLevels, type LogLevel } from '../wire/log-level.ts';

/** Which log messages clients want of the upstreams they share: each upstream is asked for the most talkative. */
export interface LogLevels {
  /** A client wants messages of these profiles from a level on; null: none any more. */
  set(client: object, profiles: readonly string[], level: LogLevel | null): Promise<void>;
  /** A connection was opened: it starts with the level its server thinks right. */
  ready(profile: string): void;
}

export function createLogLevels(deps: {
  readonly supervisor: () => Pick<Supervisor, 'request'>;
  readonly log: Log;
  /** Whether the upstream of a profile declared that it takes a level. */
  takesLevel(profile: string): boolean;
}): LogLevels {
  const wishes = new Map<object, { readonly profiles: readonly string[]; readonly level: LogLevel }>();
  const told = new Map<string, LogLevel>();

  function wanted(profile: string): LogLevel | null {
    const levels = [...wishes.values()]
      .filter(({ profiles }) => profiles.includes(profile))
      .map(({ level }) => logLevels.indexOf(level));
    return levels.length === 0 ? null : (logLevels[Math.max(...levels)] ?? null);
  }

  async function tell(profile: string): Promise<void> {
    const level = wanted(profile);
    if (level === null || told.get(profile) === level || !deps.takesLevel(profile)) return;
    told.set(profile, level);
    try {
      await deps.supervisor().request(profile, 'logging/setLevel', { level }, { background: true });
    } catch (error) {
      told.delete(profile);
      deps.log.debug('log level could not be set', { profile, reason: (error as Error).message });
    }
  }

  return {
    async set(client, profiles, level) {
      if (level === null) wishes.delete(client);
      else wishes.set(client, { profiles, level });
      await Promise.all(profiles.map(tell));
    },
    ready(profile) {
      told.delete(profile);
      void tell(profile);
    },
  };
}
