import type { Config, ConfigInput } from '../../src-shared/config.ts';
import { loadConfig, type ConfigPlace } from '../gateway/config/load.ts';
import type { Context } from './context.ts';

/** The configuration of a gateway in this process: its flags, its environment, the file. */
export function readConfig(context: Context, flags?: ConfigInput): Config {
  const { path, sources } = configPlace(context, flags);
  return loadConfig(path, sources);
}

/** Where it is read. */
export function configPlace({ config, env, paths }: Context, flags?: ConfigInput): ConfigPlace {
  return { path: config?.path ?? paths.config, sources: { env, flags, namedBy: config?.namedBy } };
}
