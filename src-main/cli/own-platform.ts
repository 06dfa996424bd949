import { userInfo } from 'node:os';
import type { Config } from '../../src-shared/config.ts';
import { readEnvironment } from '../gateway/config/environment.ts';
import { createLog } from '../gateway/log.ts';
import type { Platform } from '../gateway/platform.ts';
import { gatewayEnvironment } from '../gateway/storage/session-env.ts';
import type { Context } from './context.ts';
import { createNodePlatform } from './node-platform.ts';

/** What a gateway gets that is no other process than the command itself. */
export function createOwnPlatform(
  context: Context,
  log: Config['log'],
  env: Platform['env'] = gatewayEnvironment(context.paths, context.env, userInfo().uid),
): Platform {
  return createNodePlatform({
    env,
    resources: context.resources,
    log: createLog({
      write: (line) => context.stderr.write(line),
      now: Date.now,
      settings: {
        ...log,
        // What goes wrong is the command's own sentence; the log would only say it twice, unless it is asked for.
        level: readEnvironment(context.env).input.log?.level ?? 'error',
      },
    }),
  });
}
