import { randomBytes } from 'node:crypto';
import { seal } from './seal.ts';
import { guardDamaged } from './vault-errors.ts';
import { binding, guardPlace, openRecord, type VaultRecords } from './vault-records.ts';

const idBytes = 32;
/** Before the text; a record from before there were ids begins with the brace of its JSON. */
const idLine = /^([\w-]{43})\n/;

interface Content {
  readonly id: string | null;
  readonly text: string;
}

/**
 * The record of what only a person may loosen, and in it the id that every profile's secret is sealed together with.
 * The id is nowhere else, so whoever makes this record go, or puts one from before in its place, loses the accounts.
 */
export function createGuardRecord(rows: VaultRecords) {
  /** Known since it was read or written: a record taken away under the process gets nothing sealed without its id. */
  let held: string | null = null;

  /** As it stands; null where there is none. Throws when it does not open, for nobody knows the id then. */
  function open(key: Buffer): Content | null {
    const record = rows.read(guardPlace);
    if (record === null) return null;
    const content = openRecord({ key, guardId: null }, record);
    if (content === null) throw guardDamaged();
    return unpack(content.toString('utf8'));
  }

  return {
    /** What secrets are sealed together with now; null before a guard was sealed. */
    id: (key: Buffer): string | null => held ?? open(key)?.id ?? null,
    newId: (): string => randomBytes(idBytes).toString('base64url'),
    /** The id that the registry itself still gives away. */
    remaining(key: Buffer): string | null {
      const record = rows.read(guardPlace);
      const content = record && openRecord({ key, guardId: null }, record);
      return content ? unpack(content.toString('utf8')).id : null;
    },
    read(key: Buffer): string | null {
      const content = open(key);
      held ??= content?.id ?? null;
      return content?.text ?? null;
    },
    write(key: Buffer, id: string, text: string): void {
      rows.write(guardPlace, seal(key, Buffer.from(`${id}\n${text}`, 'utf8'), binding(guardPlace, null)));
    },
    /** Only when it is certain to stay written. */
    hold: (id: string): void => void (held = id),
    forget: (): void => void (held = null),
  };
}

function unpack(content: string): Content {
  const id = idLine.exec(content)?.[1] ?? null;
  return { id, text: id === null ? content : content.slice(id.length + 1) };
}
