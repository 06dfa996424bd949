import { parse, TomlError } from 'smol-toml';
import { Config } from '../../src-shared/config.ts';
import { NucleusError } from '../../src-shared/errors.ts';
import { readTextIfExists } from './storage/files.ts';

/** Reads config.toml; a missing file is the defaults, a bad one is refused with file, line and what is wrong. */
export function loadConfig(path: string): Config {
  const text = readTextIfExists(path);
  if (text === null) return Config.parse({});
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split('\n')[0];
    throw new NucleusError(
      'CONFIG_INVALID',
      `${path}:${error.line}:${error.column}: ${reason}; correct the file`,
    );
  }
  const config = Config.safeParse(raw);
  if (config.success) return config.data;
  const [issue] = config.error.issues;
  const where = issue && issue.path.length > 0 ? ` at ${issue.path.join('.')}` : '';
  throw new NucleusError(
    'CONFIG_INVALID',
    `${path}${where}: ${issue?.message ?? 'not valid'}; correct the file`,
  );
}
