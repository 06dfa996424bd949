import type { Config, ConfigInput } from '../../src-shared/config.ts';
import { loadConfig } from '../gateway/config/load.ts';
import type { Context } from './context.ts';

/** The configuration of a gateway in this process: its flags, its environment, the file. */
export function readConfig({ config, env, paths }: Context, flags?: ConfigInput): Config {
  return loadConfig(config?.path ?? paths.config, { env, flags, namedBy: config?.namedBy });
}
