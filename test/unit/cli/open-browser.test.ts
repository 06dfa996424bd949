import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { openBrowser } from '../../../src-main/cli/open-browser.ts';
import { createHome } from '../../helpers/home.ts';
import { until } from '../../helpers/until.ts';

test('a browser is told the address and nothing that opens the vault', async (t) => {
  if (process.platform !== 'linux') return t.skip('the stub is found by PATH');
  const home = createHome(t);
  const [folder, seen] = [home.path('stub'), home.path('seen')];
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'xdg-open'),
    `#!/bin/sh\n{ echo "$1"; env; } > '${seen}.new'\nmv '${seen}.new' '${seen}'\n`,
  );
  chmodSync(join(folder, 'xdg-open'), 0o755);
  const PATH = `${folder}:${process.env['PATH']}`;
  const env = { PATH, BROWSER: 'own', NUCLEUS_VAULT_PASSPHRASE: 'CANARY' };
  await openBrowser(new URL('https://example.com/a?b'), env);
  await until('it is started', () => existsSync(seen), 30_000);
  const text = readFileSync(seen, 'utf8');
  assert.match(text, /^https:\/\/example\.com\/a\?b\n[^]*BROWSER=own/);
  assert.doesNotMatch(text, /CANARY|NUCLEUS_VAULT/);
});
