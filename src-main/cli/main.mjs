import module from 'node:module';
import { join } from 'node:path';

// The command line's entry: what must hold before any of our own code is loaded. Plain JavaScript, because Node would
// have to translate it before the translations it keeps are found, which costs 15 MB and 20 ms at every start.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  process.stderr.write(`Error: Nucleus needs Node 22.13 or newer, this is ${process.versions.node}\n`);
  process.exit(3);
}

// Node would open its debugger for this signal, which every program of the user may send, and hand out our memory.
process.on('SIGUSR1', () => {});

// Beside the code it is made from: whoever could alter it could alter the code. Read-only folders just go without.
module.enableCompileCache(join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'nucleus-compile'));

await import('./command-line.ts');
