import { toNucleusError } from '../../../src-shared/errors.ts';
import type { HostName } from '../../../src-shared/hosts.ts';
import type { ImportResult } from '../../../src-shared/import.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { Planned } from './plan.ts';

/** Puts our entry in the place of those that are done; whatever else a file holds stays, and so does one that cannot be written. */
export function cleanHosts(options: {
  readonly hosts: Pick<Hosts, 'connect'>;
  /** All servers there are, the chosen ones and the others. */
  readonly servers: readonly Planned[];
  readonly done: ReadonlySet<string>;
  before(host: HostName, names: string[]): void;
  after(host: HostName, files: { readonly file: string; readonly backup: string }[]): void;
}): Pick<ImportResult, 'changed' | 'failed'> {
  const changed: ImportResult['changed'] = [];
  const failed: ImportResult['failed'] = [];
  for (const [host, servers] of Map.groupBy(options.servers, (server) => server.host)) {
    if (host === null) continue;
    const stays = new Set(
      servers.filter(({ shown }) => !options.done.has(shown.id)).map(({ shown }) => shown.name),
    );
    // A host may have two files, and an entry goes by its name from both.
    const goes = servers.filter(({ shown }) => options.done.has(shown.id) && !stays.has(shown.name));
    if (goes.length === 0) continue;
    const names = [...new Set(goes.map(({ shown }) => shown.name))];
    options.before(host, names);
    try {
      const { changed: files } = options.hosts.connect({ host, replaces: names });
      options.after(host, [...files]);
      changed.push(...files);
    } catch (error) {
      options.after(host, []);
      const problem = toNucleusError(error).message;
      for (const { shown } of goes) failed.push({ name: shown.name, file: shown.file, problem });
    }
  }
  return { changed, failed };
}
