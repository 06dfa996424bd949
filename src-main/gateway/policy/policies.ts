import { NucleusError } from '../../../src-shared/errors.ts';
import type { EnvClass, PolicyInfo, PolicyProblem, TraceLine } from '../../../src-shared/policy.ts';
import type { Clock, Log } from '../platform.ts';
import { writePrivateFile } from '../storage/files.ts';
import type { Decision, Facts } from './decision.ts';
import { ageOf, realPath, signatureOf } from './file-signature.ts';
import type { Source } from './judges.ts';
import { parsePolicy, readPolicyText, type PolicyText } from './policy-file.ts';
import { problemText, readBase, sameText, weigh, type Base, type Reading } from './reading.ts';
import { warningsOf } from './warnings.ts';

/** A file as new as this is not taken for what somebody saved: editors write in pieces, and clocks tick coarsely. */
const settleMs = 1_000;
/** A file that was looked at is not looked at again for so long, while no rule is there. */
const lookMs = 50;
/** How often the file is looked at for those who listen; calls look each time. */
const watchMs = 2_000;

/** What judges calls: policy.toml, and of it what a person accepted. */
export interface Policies {
  /** The version by which every call to a profile of this class passes; null where one may not. */
  passes(env: EnvClass | null): string | null;
  /** By one complete version, which is the file's of this moment. */
  decide(facts: Facts): { readonly decision: Decision; readonly version: string };
  explain(facts: Facts): {
    readonly decision: Decision;
    readonly version: string;
    readonly trace: TraceLine[];
  };
  /** Whether a profile is judged no milder under another id. */
  keepsRules(from: string, to: string): boolean;
  info(): PolicyInfo;
  /** What is wrong with a text, or with the file. */
  check(text: string | null): PolicyProblem[];
  /** A person says that the file judges alone; throws when it is another one than that of `version`. */
  accept(version: string): Promise<PolicyInfo>;
  /** A person writes the file; throws when it is not `base` any more, or the text has errors. */
  save(text: string, base: string | null): Promise<PolicyInfo>;
  /** Called when another version judges. */
  onChange(listener: () => void): () => void;
  /** Keeps what is to be kept. */
  close(): Promise<void>;
}

export interface PoliciesDeps {
  readonly path: string;
  /** What was accepted last, sealed; null when nothing was. Read on first need. */
  readonly accepted: {
    read(): string | null | 'unreadable';
    write(text: string | null): Promise<void>;
  };
  /** Ids of the profiles there are. */
  profiles(): readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

export function createPolicies(deps: PoliciesDeps): Policies {
  const { path, accepted, clock, log } = deps;
  const listeners = new Set<() => void>();
  /** What was accepted last; null: not read yet. */
  let base: Base | null = null;
  let reading: Reading | null = null;
  /** When to read again although nothing seems to have changed. */
  let againAt: number | null = null;
  let lookedAt = 0;
  let forgetSettling = (): void => {};
  let forgetWatching = (): void => {};
  let work: Promise<unknown> = Promise.resolve();

  function current(): Reading {
    const signature = signatureOf(path);
    const isDue = againAt !== null && clock.now() >= againAt;
    return reading && reading.signature === signature && !isDue ? reading : read(signature);
  }

  /** Where nothing is guarded, looking at the file would be most of what judging a call costs. */
  function recent(): Reading {
    const now = clock.now();
    if (reading && now >= lookedAt && now - lookedAt < lookMs) return reading;
    lookedAt = now;
    return current();
  }

  function read(signature: string): Reading {
    const before = reading;
    const isBaseNew = base === null || typeof base === 'string';
    base = isBaseNew || base === null ? readBase(accepted.read()) : base;
    const found = readPolicyText(path);
    // A second change within one tick of the file system's clock shows in nothing but the text; and a seal that does
    // not open now may do so later.
    const isSeenTwice = before?.signature === signature && typeof base !== 'string';
    againAt = isSeenTwice ? null : clock.now() + settleMs;
    if (before && !isBaseNew && sameText(before.found, found)) return (reading = { ...before, signature });
    return install(weigh({ path, signature, found, loadedAt: clock.now() }, base));
  }

  function install(next: Reading): Reading {
    const before = reading;
    reading = next;
    settle(next);
    const isKnown = before?.state === next.state && before.judge.version === next.judge.version;
    if (before && !(isKnown && sameText(before.found, next.found))) tell();
    return next;
  }

  /** What is plainly stricter is accepted when it stayed as it is for a moment: half a save may look like that. */
  function settle(next: Reading): void {
    forgetSettling();
    if (!next.isStricter) return;
    forgetSettling = clock.after(settleMs - ageOf(path, clock.now(), settleMs), () => void keep(next));
  }

  function keep(expected: Reading): Promise<void> {
    return queue(async () => {
      const { isStricter, source } = read(signatureOf(path));
      if (isStricter && source && source.text === expected.source?.text) await take(source);
    }).catch((error: unknown) => {
      // It judges all the same; only what comes after a restart is compared with what was accepted before it.
      log.warn('the new policy.toml judges but could not be kept as accepted', { reason: String(error) });
    });
  }

  async function take(source: Source): Promise<void> {
    await accepted.write(source.text);
    base = source;
    const signature = signatureOf(path);
    install(weigh({ path, signature, found: readPolicyText(path), loadedAt: clock.now() }, source));
  }

  /** One at a time. */
  function queue<T>(act: () => Promise<T>): Promise<T> {
    const next = work.then(act);
    work = next.catch(() => undefined);
    return next;
  }

  function tell(): void {
    // Not on the road of the call that noticed.
    queueMicrotask(() => {
      for (const listener of listeners) listener();
    });
  }

  function watch(): void {
    forgetWatching = clock.after(watchMs, () => {
      try {
        current();
      } catch (error) {
        // The next call says it; here nobody asked.
        log.warn('policy.toml cannot be looked at', { reason: String(error) });
      }
      if (listeners.size > 0) watch();
    });
  }

  function info(): PolicyInfo {
    const { found, source, errors, state, judge: judging, loadedAt } = current();
    const warnings = source?.text == null ? [] : warningsOf(source.file, source.text, deps.profiles());
    return {
      file: path,
      version: judging.version,
      state,
      loadedAt,
      problems: [...errors, ...warnings],
      rules: [...judging.rules],
      text: found.text ?? null,
      accepted: typeof base === 'string' ? null : (base?.text ?? null),
    };
  }

  return {
    passes(env) {
      const { judge: judging } = recent();
      return judging.mayStop(env) ? null : judging.version;
    },
    decide(facts) {
      const { judge: judging } = current();
      return { decision: judging.decide(facts), version: judging.version };
    },
    explain(facts) {
      const { judge: judging } = current();
      return { decision: judging.decide(facts), version: judging.version, trace: judging.trace(facts) };
    },
    keepsRules: (from, to) => current().judge.keepsRules(from, to),
    info,
    check(text) {
      const found: PolicyText = text === null ? readPolicyText(path) : { text };
      if (found.text === undefined) return [found.problem];
      if (found.text === null) return [];
      const { file, problems } = parsePolicy(found.text);
      return file ? warningsOf(file, found.text, deps.profiles()) : [...problems];
    },
    accept: (version) =>
      queue(async () => {
        const { judge: judging, source, errors } = current();
        if (judging.version !== version)
          throw new NucleusError(
            'POLICY_CHANGED',
            `${path} is another one than the one that was shown; look at it again`,
          );
        if (!source) throw invalid(path, errors);
        await take(source);
        return info();
      }),
    save: (text, before) =>
      queue(async () => {
        const found = readPolicyText(path);
        if (found.text === undefined) throw invalid(path, [found.problem]);
        if (found.text !== before)
          throw new NucleusError(
            'POLICY_CHANGED',
            `${path} was changed meanwhile and is left as it is; look at it again`,
          );
        const { file, problems } = parsePolicy(text);
        if (!file) throw invalid(path, problems);
        writePrivateFile(realPath(path), text);
        await take({ text, file });
        return info();
      }),
    onChange(listener) {
      listeners.add(listener);
      if (listeners.size === 1) watch();
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) forgetWatching();
      };
    },
    async close() {
      forgetSettling();
      forgetWatching();
      listeners.clear();
      // A command that was the gateway for a moment must not forget what somebody saved before it.
      if (reading?.isStricter && ageOf(path, clock.now(), settleMs) >= settleMs) await keep(reading);
      await work;
    },
  };
}

function invalid(path: string, problems: readonly PolicyProblem[]): NucleusError {
  const [problem] = problems;
  return new NucleusError('POLICY_INVALID', problemText(path, problem), {
    line: problem?.line ?? null,
    column: problem?.column ?? null,
  });
}
