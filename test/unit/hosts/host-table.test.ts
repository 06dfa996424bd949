import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createHostTable } from '../../../src-main/gateway/hosts/host-table.ts';
import { recipeFor, recipeNames } from '../../../src-main/gateway/hosts/recipes.ts';
import { hostNames } from '../../../src-shared/host-names.ts';
import { verifies } from '../../helpers/requirements.ts';
import { createDesk, shim, temporaryHome } from './support.ts';

type Env = Readonly<Record<string, string>>;

/** Where each file would be, below the home folder. */
function usual(platform: NodeJS.Platform, env: Env = {}): string[] {
  return createHostTable({ user: '/home/ada', env, platform, shim }).map(({ usualFile }) =>
    usualFile.replace('/home/ada/', ''),
  );
}

test('each host has its file where it looks for it, on three systems', () => {
  verifies('NUC-110');
  assert.deepEqual(usual('linux'), [
    '.config/Claude/claude_desktop_config.json',
    '.claude.json',
    '.cursor/mcp.json',
    '.config/Code/User/mcp.json',
    '.codeium/windsurf/mcp_config.json',
    '.codex/config.toml',
    '.gemini/settings.json',
    '.config/zed/settings.json',
  ]);
  assert.deepEqual(usual('darwin'), [
    'Library/Application Support/Claude/claude_desktop_config.json',
    '.claude.json',
    '.cursor/mcp.json',
    'Library/Application Support/Code/User/mcp.json',
    '.codeium/windsurf/mcp_config.json',
    '.codex/config.toml',
    '.gemini/settings.json',
    '.config/zed/settings.json',
  ]);
  assert.deepEqual(usual('win32', { APPDATA: '/home/ada/R' }), [
    'R/Claude/claude_desktop_config.json',
    '.claude.json',
    '.cursor/mcp.json',
    'R/Code/User/mcp.json',
    '.codeium/windsurf/mcp_config.json',
    '.codex/config.toml',
    '.gemini/settings.json',
    'R/Zed/settings.json',
  ]);
});

test('variables of the hosts themselves are followed, relative ones are not', () => {
  const moved = { XDG_CONFIG_HOME: '/x', CODEX_HOME: '/c' };
  const [desktop, , , code, , codex, , zed] = usual('linux', moved);
  assert.deepEqual(
    [desktop, code, codex, zed],
    [
      '/x/Claude/claude_desktop_config.json',
      '/x/Code/User/mcp.json',
      '/c/config.toml',
      '/x/zed/settings.json',
    ],
  );
  assert.deepEqual(usual('linux', { XDG_CONFIG_HOME: 'x', CODEX_HOME: 'c' }), usual('linux'));
});

test('a host is installed when its folder is there; Claude Code also by its file, or where its variable says', (t) => {
  const user = temporaryHome(t);
  const installed = (env: Env = {}): string[] =>
    createHostTable({ user, env, platform: 'linux', shim }).flatMap((host) => host.files());
  assert.deepEqual(installed(), []);
  for (const { usualFile } of createHostTable({ user, env: {}, platform: 'linux', shim }))
    mkdirSync(dirname(usualFile), { recursive: true });
  assert.equal(installed().length, hostNames.length - 1);
  writeFileSync(join(user, '.claude.json'), '{}');
  assert.equal(installed().length, hostNames.length);
  const named = join(user, 'elsewhere');
  mkdirSync(named);
  assert.ok(installed({ CLAUDE_CONFIG_DIR: named }).includes(join(named, '.claude.json')));
});

test('at least twelve clients have an entry of their own, each with its own key', () => {
  verifies('NEW-023');
  const names = [...hostNames, ...recipeNames];
  assert.ok(names.length >= 12 && new Set(names).size === names.length);
  for (const name of names) {
    const recipe = recipeFor(name, { user: '/home/ada', env: {}, platform: 'linux', shim });
    assert.ok(recipe, name);
    assert.ok(recipe.file.startsWith('/home/ada/.'), recipe.file);
    assert.ok(recipe.text.includes(shim) && recipe.text.includes(`"${name}"`), recipe.text);
    if (recipe.json) assert.deepEqual(JSON.parse(recipe.text), recipe.json);
  }
  assert.equal(recipeFor('emacs', { user: '/home/ada', env: {}, platform: 'linux', shim }), null);
});

test('the app gets the bundle written into the state folder', async (t: TestContext) => {
  const desk = createDesk(t);
  const { path } = await desk.hosts.handlers.bundle({}, { signal: new AbortController().signal });
  assert.equal(path, join(desk.user, 'state/hosts/nucleus.mcpb'));
});
