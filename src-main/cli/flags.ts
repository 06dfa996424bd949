import { NucleusError } from '../../src-shared/errors.ts';

/** Keeps every value of a flag that may be given more than once. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** `KEY=VALUE` flags as a record; the value is everything behind the first `=`, kept verbatim. */
export function readPairs(flag: string, pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const equals = pair.indexOf('=');
    // Not the text itself: it may be a secret in the wrong place.
    if (equals <= 0) throw new NucleusError('USAGE', `${flag} wants KEY=VALUE`);
    return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
  });
  return Object.fromEntries(entries);
}

/** A `--profile` flag: `github:work` or `github:work=main`; what the names may be is the gateway's to judge. */
export function readProfile(text: string): { id: string; alias: string } {
  const [, id, name, alias] = /^([^:=]+:([^:=]+))(?:=(.+))?$/s.exec(text) ?? [];
  if (id === undefined || name === undefined) {
    throw new NucleusError(
      'USAGE',
      `--profile "${text}" is not of the form connector:name or connector:name=alias`,
    );
  }
  return { id, alias: alias ?? name };
}
