import type { Log } from './platform.ts';
import { findClearTokens } from './storage/original.ts';
import type { Paths } from './storage/paths.ts';

/** What is worth saying when a gateway opens its state folder, before anybody asks. */
export function sayAtStart({ log, paths, profiles }: { log: Log; paths: Paths; profiles: number }): void {
  if (profiles === 0)
    log.info('no profiles yet, so clients see no tools; add one as in these examples', {
      program:
        'nucleus add files --command npx --arg -y --arg @modelcontextprotocol/server-filesystem --arg .',
      address: 'nucleus add acme https://mcp.example.com/mcp',
    });
  const clear = findClearTokens(paths);
  if (clear)
    log.warn('the original Nucleus left the tokens of its sign-ins here in clear text', {
      folder: clear.folder,
      profiles: clear.names,
      fix: 'sign in again with nucleus add, then remove the folder',
    });
}
