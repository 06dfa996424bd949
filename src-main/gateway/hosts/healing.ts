import type { HostName } from '../../../src-shared/hosts.ts';
import type { Clock, Log } from '../platform.ts';
import { othersIn, type Look, type Survey } from './look.ts';

/** A host that drops its servers may write again at once, so it is looked at once more before anything is done. */
const settleMs = 2_000;
/** A host that drops our entry again and again is not fought: then it is only offered. */
const maxRepairs = 3;
const repairsMs = 60 * 60_000;
const keptRepairs = 10;

export interface Healing {
  /** Remembers what stands beside our entry, and mends what a host dropped, a little later. */
  look(surveys: readonly Survey[]): void;
  close(): void;
}

/** Puts our entry back where a host dropped it with other things (claude-code#90101), as long as a person agreed once. */
export function createHealing(deps: {
  readonly clock: Clock;
  readonly log: Log;
  readonly repair: (survey: Survey, file: string) => void;
  readonly onRepaired: () => void;
  /** How the host is by now. */
  readonly survey: (host: HostName) => readonly Survey[];
}): Healing {
  const { clock, log } = deps;
  const waiting = new Map<HostName, () => void>();
  const told = new Set<HostName>();

  function wait(host: HostName): void {
    if (waiting.has(host)) return;
    const forget = clock.after(settleMs, () => {
      waiting.delete(host);
      try {
        for (const survey of deps.survey(host)) mend(survey);
      } catch (error) {
        log.warn('the entry of a host cannot be put back', { host, error: String(error) });
      }
    });
    waiting.set(host, forget);
  }

  function mend(survey: Survey): void {
    const { host, backups } = survey;
    const wiped = survey.looks.filter((look) => isWiped(survey, look));
    if (wiped.length === 0) return;
    for (const { file } of wiped) deps.repair(survey, file);
    const memory = backups.read();
    backups.write({ ...memory, repairs: [...memory.repairs, clock.now()].slice(-keptRepairs) });
    log.warn('a host dropped its servers; our entry is back', {
      host: host.host,
      files: wiped.map(({ file }) => file).join(', '),
    });
    deps.onRepaired();
  }

  function remember({ backups, looks }: Survey): void {
    // Read anew: a command in another process may have written since the files were looked at.
    const memory = backups.read();
    if (memory.consentedAt === null) return;
    const seen = { ...memory.seen };
    for (const { file, state, entries } of looks)
      if (state === 'connected') seen[file] = othersIn(entries ?? {});
    if (JSON.stringify(seen) !== JSON.stringify(memory.seen)) backups.write({ ...memory, seen });
  }

  return {
    look(surveys) {
      for (const survey of surveys) {
        const { host } = survey.host;
        remember(survey);
        if (!survey.looks.some((look) => isWiped(survey, look))) continue;
        const recent = survey.memory.repairs.filter((time) => time > clock.now() - repairsMs);
        if (recent.length < maxRepairs) {
          told.delete(host);
          wait(host);
        } else if (!told.has(host)) {
          told.add(host);
          log.warn('a host keeps dropping our entry; it is left so until you repair it', { host });
        }
      }
    },
    close() {
      for (const forget of waiting.values()) forget();
      waiting.clear();
    },
  };
}

/**
 * Whether more than our entry went from a file where it was: the section, all of the file, or servers that were seen
 * there. Somebody who takes out ours alone means it.
 */
export function isWiped({ memory }: Survey, { file, state, entries, hasSection }: Look): boolean {
  const seen = memory.seen[file];
  if (memory.consentedAt === null || seen === undefined || state !== 'missing') return false;
  return !hasSection || seen.some((name) => !Object.hasOwn(entries ?? {}, name));
}
