// What breaks a person's installation, planted one by one: the doctor's line, its fix, its exit code.
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import test, { describe } from 'node:test';
import Database from 'better-sqlite3';
import {
  account,
  checkFinding,
  claudeFile,
  connected,
  createPatient,
  diagnose,
  listing,
  socketOf,
  type Fault,
  type PatientOptions,
} from '../helpers/doctor.ts';
import type { Home } from '../helpers/home.ts';
import { verifies } from '../helpers/requirements.ts';

const inRegistry = (home: Home, sql: string): void => {
  const db = new Database(home.path('state/registry.db'));
  db.exec(sql);
  db.close();
};
/** One that recorded calls. */
const recorded: PatientOptions = {
  async use(api) {
    for (const text of ['one', 'two', 'three'])
      await api.tools.call({ name: 'mine_main_echo', arguments: { text } });
  },
};

/** A person relies on it and it does not work: exit 1. Each in a home of its own, where it is the only one. */
const failures: readonly Fault[] = [
  {
    name: 'a file where the state folder should be',
    made: 'bare',
    plant({ home }) {
      rmSync(home.state, { recursive: true });
      writeFileSync(home.state, '');
    },
    check: 'home',
    message: /\/state is not a folder, so nothing can be kept there$/,
    fix: /^move it away: mv \S+\/state \S+\/state\.old$/,
  },
  {
    name: 'a state folder of another user',
    made: 'bare',
    plant: ({ home }) => chownSync(home.state, 65_534, 65_534),
    check: 'home',
    message: /^state folder \S+ belongs to another user \(uid 65534\)$/,
    fix: /^give it back to yourself: sudo chown -R /,
  },
  {
    name: 'settings that are no TOML',
    made: 'bare',
    plant: ({ home }) => void home.write('config.toml', '[http]\nenabled = = true\n'),
    check: 'config',
    message: /config\.toml:2:11: /,
    fix: /^edit \S+config\.toml$/,
  },
  {
    name: 'settings that name a variable there is not',
    made: 'bare',
    plant: ({ home }) =>
      void home.write('config.toml', '[http]\nenabled = false\nlisten = "127.0.0.1:{{ env.NO_PORT }}"\n'),
    check: 'config',
    message: /config\.toml:3:\d+: .*NO_PORT/,
    fix: /^edit \S+config\.toml$/,
  },
  {
    name: 'rules that cannot be read',
    made: 'bare',
    plant: ({ home }) => void home.write('policy.toml', '[[rule]]\nmatch = "*:*"\ndenny = ["*"]\n'),
    check: 'policy',
    message: /policy\.toml:3:1: .*denny/,
    fix: /nucleus policy check/,
  },
  {
    name: 'a registry that a newer version wrote',
    plant: ({ home }) => inRegistry(home, "UPDATE meta SET val = '999' WHERE key = 'schema_version'"),
    check: 'registry',
    message: /registry\.db/,
    fix: /^use the newer Nucleus that wrote it, or another NUCLEUS_HOME$/,
  },
  {
    name: 'a registry that is no database any more',
    plant: ({ home }) => writeFileSync(home.path('state/registry.db'), Buffer.alloc(8_192, 'x')),
    check: 'registry',
    message: /\/state\/registry\.db/,
    fix: /^put a backup in its place, or move it away/,
  },
  {
    name: 'a folder where the log should be',
    made: 'bare',
    plant: ({ home }) => {
      rmSync(home.path('state/audit.log'), { force: true });
      mkdirSync(home.path('state/audit.log'), { mode: 0o700 });
    },
    check: 'audit-log',
    message: /audit\.log is not a regular file, so calls cannot be recorded$/,
    fix: /^move it away: mv /,
  },
  {
    name: 'a line of the log that somebody changed',
    made: recorded,
    plant({ home }) {
      const file = home.path('state/audit.log');
      const text = readFileSync(file, 'utf8');
      assert.ok(text.includes('mine:main'));
      writeFileSync(file, text.replace('mine:main', 'mine:fake'));
    },
    check: 'audit-chain',
    message: /^the audit log is not what was written: \S*audit\.log, line \d+: /,
    fix: /^nucleus logs verify tells where/,
  },
  {
    name: 'a vault that nothing opens',
    plant: () => {},
    check: 'vault',
    message: /^the vault is locked: /,
    fix: /^unlock the keychain, or name a file with a passphrase in NUCLEUS_VAULT_PASSPHRASE_FILE$/,
    env: () => ({ NUCLEUS_VAULT_PASSPHRASE_FILE: undefined }),
  },
  {
    name: 'a vault that another passphrase opens',
    plant: ({ home }) => writeFileSync(home.path('passphrase'), 'wrong horse\n', { mode: 0o600 }),
    check: 'vault',
    message: /^the vault is locked: .*passphrase/,
    fix: /^unlock the keychain, or name/,
  },
  {
    name: 'an account whose secret is not there',
    plant: ({ home }) => inRegistry(home, "DELETE FROM vault_records WHERE profile_id = 'mine:main'"),
    check: 'secret',
    message: /^mine:main lacks its secret KEY$/,
    fix: /^nucleus secret mine:main KEY$/,
  },
  {
    name: 'a secret that does not open',
    plant: ({ home }) =>
      inRegistry(home, "UPDATE vault_records SET nonce = randomblob(12) WHERE profile_id = 'mine:main'"),
    check: 'secret',
    message: /^KEY of mine:main does not open: its record is damaged/,
    fix: /^store it anew: nucleus secret mine:main/,
  },
  {
    name: 'a folder of the socket that others may open',
    made: 'bare',
    plant({ home }, t) {
      const folder = dirname(socketOf(home));
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o755);
      t.after(() => rmSync(folder, { recursive: true, force: true }));
    },
    check: 'socket',
    message: /^\/tmp\/nucleus-\S+, where the gateway should listen, is open to other users/,
    fix: /^chmod 700 \/tmp\/nucleus-/,
    isMended: true,
  },
  {
    name: 'a connector of one’s own that cannot be read',
    plant: ({ home }) => void home.write('connectors/broken.toml', 'schema = 1\nname = ['),
    check: 'connector',
    message: /^connector broken \(\S+broken\.toml\): /,
    fix: /\S/,
  },
  {
    name: 'an account whose program is not installed',
    made: {
      use: async (api) => {
        await api.profiles.add(account('other', { launch: { command: 'no-such-program-of-anybody' } }));
      },
    },
    plant: () => {},
    check: 'program',
    message:
      /^no-such-program-of-anybody is not on the PATH of your login shell, so mine:other cannot start$/,
    fix: /^install it, or add the account again with another --command$/,
  },
  {
    name: 'a client whose settings cannot be read',
    made: 'bare',
    plant({ home }) {
      mkdirSync(dirname(claudeFile(home)), { recursive: true });
      writeFileSync(claudeFile(home), '{ "mcpServers": {');
    },
    check: 'client-entry',
    message: /^Claude Desktop: /,
    fix: /^mend \S+claude_desktop_config\.json, then: nucleus install claude-desktop$/,
  },
  {
    name: 'the command that clients start, gone',
    made: connected,
    plant: ({ home }) => rmSync(home.path('state/bin/nucleus')),
    check: 'command',
    message: /\/state\/bin\/nucleus, which clients start, is missing$/,
    fix: /^nucleus doctor --fix, or nucleus start, writes it anew$/,
    isMended: true,
  },
  {
    name: 'the command that clients start, leading to a copy that was moved',
    made: connected,
    plant({ home }) {
      const file = home.path('state/bin/nucleus');
      writeFileSync(file, readFileSync(file, 'utf8').replace(/exec '.*\/bin/, "exec '/nowhere/bin"));
    },
    check: 'command',
    message: /which clients start, leads to \/nowhere\/bin\/nucleus, which is gone$/,
    fix: /^nucleus doctor --fix/,
    isMended: true,
  },
];

describe('failures', { concurrency: 2 }, () => {
  for (const fault of failures)
    test(`${fault.name} is told, with a way out and exit code 1`, async (t) => {
      verifies('NUC-112');
      if (fault.name.includes('another user') && process.getuid?.() !== 0) return t.skip('takes root');
      const patient = await createPatient(t, fault.made);
      await fault.plant(patient, t);
      const before = listing(patient.home);
      const { code, findings } = await diagnose(patient, [], fault.env?.(patient.home));
      assert.deepEqual(listing(patient.home), before);
      assert.equal(code, 1);
      const failed = findings.filter(({ level }) => level === 'fail');
      assert.deepEqual(
        failed.map(({ check }) => check),
        [fault.check],
        JSON.stringify(failed),
      );
      checkFinding(failed[0], fault, 'fail');
      if (fault.isMended !== true) return;
      const mended = await diagnose(patient, ['--fix'], fault.env?.(patient.home));
      assert.match(mended.stderr, /^mended: /m);
      assert.deepEqual(
        mended.findings.filter(({ level }) => level === 'fail'),
        [],
      );
      assert.equal(mended.code, 0);
    });
});
