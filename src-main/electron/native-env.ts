import type { EnvClass } from '../../src-shared/policy.ts';

const marks: Readonly<Record<EnvClass, string>> = {
  prod: '■ PROD',
  staging: '◆ STAGING',
  dev: '△ DEV',
  personal: '◉ PERSONAL',
};

/** The class of a profile where there is neither colour nor drawing: a shape and a word, before its id. */
export function nativeEnv(env: EnvClass | null | undefined): string {
  return env ? marks[env] : '◌ NO CLASS';
}
