import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { HostName } from '../../../src-shared/hosts.ts';
import type { ImportUndone } from '../../../src-shared/import.ts';
import type { Profile } from '../../../src-shared/model.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { Log } from '../platform.ts';
import { readTextIfExists, removeIfExists, writePrivateFile } from '../storage/files.ts';
import { shapeOf } from './add-all.ts';
import type { ImportApi } from './import.ts';
import type { Import, ImportRecords } from './record.ts';

/** Takes the last import back: first the files, so that no token is gone before it is back where it was. */
export async function undoImport(deps: {
  readonly api: ImportApi;
  readonly hosts: Pick<Hosts, 'giveBack' | 'servers'>;
  readonly records: ImportRecords;
  readonly connectorFolder: string;
}): Promise<ImportUndone> {
  const { api, hosts, records } = deps;
  const last = records.read().imports.at(-1);
  if (!last) throw new NucleusError('REQUEST_INVALID', 'there is no import to undo; nothing was changed');
  checkCopies(last);
  const undone: ImportUndone = { removed: [], restored: [], merged: [] };
  let left = last;
  const keep = (now: Import): void => {
    left = now;
    const record = records.read();
    records.write({ ...record, imports: record.imports.map((one) => (one.at === now.at ? now : one)) });
  };

  for (const { host, names } of last.hosts) {
    // One that cannot be written ends it here: its profiles stay until it can.
    for (const { file, how } of hosts.giveBack({ host })) {
      if (how === 'restored') undone.restored.push(file);
      if (how === 'merged') undone.merged.push(file);
    }
    checkBack(host, names);
    keep({ ...left, hosts: left.hosts.filter((one) => one.host !== host) });
  }

  const profiles = await api.profiles.list({});
  for (const made of last.profiles) {
    const profile = profiles.find(({ id }) => id === made.id);
    // Renamed, removed or made anew since, it is no longer the import's to take away.
    if (profile && profile.createdAt === made.createdAt && shapeOf(profile) === made.shape) {
      await removeProfile(profile, last);
      undone.removed.push(made.id);
    }
    keep({ ...left, profiles: left.profiles.filter(({ id }) => id !== made.id) });
  }
  const record = records.read();
  const gone = new Set(undone.removed);
  records.write({
    ...record,
    imports: record.imports.filter(({ at }) => at !== last.at),
    marks: Object.fromEntries(Object.entries(record.marks).filter(([id]) => !gone.has(id))),
  });
  return undone;

  /** Whatever became of what was remembered of the host: only then the tokens may go from the vault. */
  function checkBack(host: HostName, names: readonly string[]): void {
    const servers = hosts.servers().filter((one) => one.host === host);
    const missing = names.find((name) => !servers.some(({ entries }) => Object.hasOwn(entries, name)));
    if (missing === undefined) return;
    throw new NucleusError(
      'STATE_UNUSABLE',
      `the entry ${missing} did not come back to ${servers[0]?.file ?? host}, so its profile stays; look at the copies in the hosts folder, or remove the profile with nucleus remove`,
      { path: servers[0]?.file },
    );
  }

  /** Without profiles a connector of one's own goes, too: one that was there before the import comes back. */
  async function removeProfile({ id, connector }: Profile, { connectors }: Import): Promise<void> {
    const file = join(deps.connectorFolder, `${connector}.toml`);
    const text = connectors.includes(connector) ? null : readTextIfExists(file);
    await api.profiles.remove({ id });
    if (text !== null && !existsSync(file)) writePrivateFile(file, text);
  }
}

/** Deletes what an import kept of clients' files in `folder`; answers what is gone. */
export function forgetCopies(records: ImportRecords, folder: string, log: Log): string[] {
  const record = records.read();
  const copies = record.imports.flatMap(({ hosts }) =>
    hosts.flatMap(({ files }) => files.map(({ backup }) => backup)),
  );
  const gone: string[] = [];
  // The record is a file like others: what it says of other folders is no reason to empty them.
  const ours = new Set(copies.map((copy) => dirname(copy)).filter((place) => dirname(place) === folder));
  // Copies that were made before hold the same secrets.
  for (const place of ours)
    for (const name of existsSync(place) ? readdirSync(place) : []) {
      if (name === 'state.json') continue;
      removeIfExists(join(place, name));
      gone.push(join(place, name));
    }
  records.write({ ...record, imports: [] });
  log.info('the copies of clients’ files are deleted; no import can be undone', { copies: gone.length });
  return gone;
}

/** Without its copy a file cannot get its entries back, and their secrets would be gone with the profiles. */
function checkCopies({ hosts }: Import): void {
  const copies = hosts.flatMap(({ files }) => files);
  const lost = copies.find(({ backup }) => !existsSync(backup));
  if (lost)
    throw new NucleusError(
      'STATE_UNUSABLE',
      `the copy of ${lost.file} from before the import is gone, so it cannot be undone; remove profiles with nucleus remove, and write the entries again`,
      { path: lost.file },
    );
}
