import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { writeStableShim } from '../../../src-main/gateway/hosts/stable-shim.ts';
import { createPaths } from '../../../src-main/gateway/storage/paths.ts';
import { createHome, type Home } from '../../helpers/home.ts';

/** A resources folder whose command prints what it was told. */
function resourcesOf(home: Home): string {
  const folder = home.path("it's packed");
  const command = join(folder, 'bin', 'nucleus');
  mkdirSync(dirname(command), { recursive: true });
  writeFileSync(command, '#!/bin/sh\necho "$NUCLEUS_HOME|$NUCLEUS_APP|$*"\n');
  chmodSync(command, 0o755);
  return folder;
}

const run = (path: string): string => spawnSync(path, ['serve', 'a b'], { encoding: 'utf8', env: {} }).stdout;

test('the command leads to the copy that ran last, with the state folder it is for', (t) => {
  const home = createHome(t);
  const paths = createPaths(home.env);
  writeStableShim(paths, resourcesOf(home));
  assert.equal(run(paths.shim), `${paths.home}||serve a b\n`);
  assert.equal(statSync(paths.shim).mode & 0o777, 0o700);
});

test('of an AppImage the command is kept, because the image is mounted only while it runs', (t) => {
  const home = createHome(t);
  const paths = createPaths(home.env);
  const resources = resourcesOf(home);
  const image = { APPIMAGE: '/opt/my apps/Nucleus.AppImage', APPDIR: home.root };
  writeStableShim(paths, resources, image);
  const kept = join(dirname(paths.shim), 'nucleus-app-image');
  assert.equal(readFileSync(kept, 'utf8'), readFileSync(join(resources, 'bin', 'nucleus'), 'utf8'));
  writeFileSync(join(resources, 'bin', 'nucleus'), '');
  assert.equal(run(paths.shim), `${paths.home}|/opt/my apps/Nucleus.AppImage|serve a b\n`);
});

test('a copy that was only started from a program in an AppImage is none', (t) => {
  const home = createHome(t);
  const paths = createPaths(home.env);
  writeStableShim(paths, resourcesOf(home), { APPIMAGE: '/opt/Editor.AppImage', APPDIR: '/tmp/.mount_Edit' });
  assert.equal(run(paths.shim), `${paths.home}||serve a b\n`);
});

test('a copy without a command leaves the one that another copy wrote', (t) => {
  const home = createHome(t);
  const paths = createPaths(home.env);
  writeStableShim(paths, home.path('nothing'));
  assert.equal(existsSync(paths.shim), false);
  writeStableShim(paths, resourcesOf(home));
  writeStableShim(paths, home.path('nothing'));
  assert.match(run(paths.shim), /serve a b/);
});
