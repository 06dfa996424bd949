import { type Command, Option } from 'commander';
import type { ConfigInput } from '../../src-shared/config.ts';
import { NucleusError } from '../../src-shared/errors.ts';
import { type LogLevel, logLevels, type LogStyle, logStyles } from '../../src-shared/log-levels.ts';

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

/** What the flags of `addLogFlags` become. */
export type LogOptions = { readonly log?: LogLevel; readonly logStyle?: LogStyle };

/** The flags of every command that can be a gateway, or start one. */
export function addLogFlags(command: Command): void {
  command.addOption(new Option('--log <level>', 'what the gateway logs at least').choices(logLevels));
  command.addOption(new Option('--log-style <style>', 'how it logs').choices(logStyles));
}

/** The flags as they would be written in config.toml. */
export function logSettings({ log, logStyle }: LogOptions): ConfigInput {
  return {
    log: {
      ...(log === undefined ? {} : { level: log }),
      ...(logStyle === undefined ? {} : { style: logStyle }),
    },
  };
}

/** The same flags for a gateway that is started as another process. */
export function logArguments({ log, logStyle }: LogOptions): readonly string[] {
  return [
    ...(log === undefined ? [] : ['--log', log]),
    ...(logStyle === undefined ? [] : ['--log-style', logStyle]),
  ];
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
