import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, rmSync, statSync } from 'node:fs';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { openRegistry } from '../../../src-main/gateway/storage/database.ts';
import { latestVersion } from '../../../src-main/gateway/storage/migrations/all.ts';
import type { Paths } from '../../../src-main/gateway/storage/paths.ts';
import { createProfileStore } from '../../../src-main/gateway/storage/profile-store.ts';
import { verifies } from '../../helpers/requirements.ts';
import { withDeadline } from '../../helpers/until.ts';
import { moduleUrl, versionOf, writeOriginal } from './registry-support.ts';
import { profile, temporaryPaths } from './support.ts';

/** Opens the registry and kills itself before the n-th statement that may write; says how many there were if none was. */
function openingCode(paths: Paths, killBefore: number): string {
  return `
    const { createRequire } = await import('node:module');
    const Database = createRequire(${JSON.stringify(moduleUrl('database'))})('better-sqlite3');
    const { openRegistry } = await import(${JSON.stringify(moduleUrl('database'))});
    let count = 0;
    const step = () => {
      count += 1;
      if (count === ${killBefore}) process.kill(process.pid, 'SIGKILL');
    };
    const { exec, pragma, prepare } = Database.prototype;
    // Each statement of a script by itself: a real kill may come between any two.
    Database.prototype.exec = function (sql) {
      for (const statement of sql.split(';').filter((part) => part.trim() !== '')) {
        step();
        exec.call(this, statement);
      }
      return this;
    };
    Database.prototype.pragma = function (...args) {
      step();
      return pragma.apply(this, args);
    };
    Database.prototype.prepare = function (...args) {
      const statement = prepare.apply(this, args);
      const { run } = statement;
      statement.run = function (...values) {
        step();
        const result = run.apply(this, values);
        step();
        return result;
      };
      return statement;
    };
    openRegistry({ paths: ${JSON.stringify(paths)} });
    console.log(count);
    // Without closing: also a crash.
    process.kill(process.pid, 'SIGKILL');
  `;
}

async function openAndDie(paths: Paths, killBefore: number): Promise<number | null> {
  const code = openingCode(paths, killBefore);
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [, signal] = (await withDeadline('the end of the child', once(child, 'close'), 20_000)) as unknown[];
  assert.equal(signal, 'SIGKILL');
  return said === '' ? null : Number(said);
}

const kept = [
  profile('atlas:default', { metadata: { project_id: 'a=b,c' }, createdAt: 1_690_000_000 }),
  profile('atlas:work', { createdAt: 1_690_000_001 }),
];

function profilesOf(paths: Paths): unknown {
  const { db, close } = openRegistry({ paths });
  try {
    return createProfileStore(db).list();
  } finally {
    close();
  }
}

const newest = String(latestVersion);
/** Of each table its columns. */
const original = {
  meta: ['key', 'val'],
  profiles: ['id', 'connector', 'name', 'metadata', 'created_at'],
};

function schemaOf(db: Database.Database): Record<string, unknown> {
  const tables = db.prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
  const columns = db.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck();
  const names = tables.pluck().all();
  return Object.fromEntries(names.map((table) => [table, columns.all(table)]));
}

function newestSchema(): Record<string, unknown> {
  const { db, close } = openRegistry('memory');
  try {
    return schemaOf(db);
  } finally {
    close();
  }
}

/** What a killed process left: the schema of before or the one of after, and a copy that is whole if there is one. */
function assertWhole(paths: Paths, when: string): void {
  const version = versionOf(paths.registry);
  assert.ok(version === '1' || version === newest, `${when}: schema ${String(version)}`);
  const db = new Database(paths.registry, { readonly: true });
  assert.equal(db.pragma('integrity_check', { simple: true }), 'ok', when);
  assert.deepEqual(schemaOf(db), version === '1' ? original : newestSchema(), `${when}: half of a schema`);
  db.close();
  const backup = `${paths.registry}.v1.bak`;
  if (version === newest) assert.ok(existsSync(backup), `${when}: migrated without a copy`);
  if (!existsSync(backup)) return;
  assert.equal(statSync(backup).mode & 0o777, 0o600);
  assert.equal(versionOf(backup), '1', when);
}

test('a migration that is killed anywhere leaves the old registry or the new one, and is taken up again', async (t) => {
  verifies('NUC-008');
  const seen = new Set<unknown>();
  const crashAt = async (killBefore: number): Promise<number | null> => {
    const paths = temporaryPaths(t);
    writeOriginal(paths, 1);
    const count = await openAndDie(paths, killBefore);
    const when = `killed before statement ${killBefore}`;
    assertWhole(paths, when);
    seen.add(versionOf(paths.registry));
    assert.deepEqual(profilesOf(paths), kept, when);
    assert.equal(versionOf(`${paths.registry}.v1.bak`), '1', when);
    assert.equal(existsSync(`${paths.registry}.v1.bak.tmp`), false, when);

    copyFileSync(`${paths.registry}.v1.bak`, paths.registry);
    for (const suffix of ['-wal', '-shm']) rmSync(paths.registry + suffix, { force: true });
    assert.deepEqual(profilesOf(paths), kept, `${when}: the copy cannot be put back`);
    return count;
  };
  const total = await crashAt(0);
  assert.ok(total !== null && total > 10, `only ${total} statements`);
  const moments = Array.from({ length: total }, (_, index) => index + 1);
  const work = async (): Promise<void> => {
    for (let next = moments.shift(); next !== undefined; next = moments.shift())
      assert.equal(await crashAt(next), null);
  };
  await Promise.all([work(), work()]);
  assert.deepEqual(seen, new Set(['1', newest]));
});
