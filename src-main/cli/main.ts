import { enableCompileCache } from 'node:module';
import { compileCache } from './compile-cache.ts';

/** The command line's entry: what must hold before any of our own code is loaded, and the end of the process. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  process.stderr.write(`Error: Nucleus needs Node 22.13 or newer, this is ${process.versions.node}\n`);
  process.exit(3);
}

// A reader that closed its end (`nucleus list | head -1`) is done with us; that is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
}

enableCompileCache(compileCache);

// Our timers keep no process alive, and a command may have nothing but one to wait for.
setInterval(() => {}, 2 ** 30);

const { runCli } = await import('./program.ts');
// The gateway's clock keeps no process alive; a command that waits for its answer has nothing else to live for.
const alive = setInterval(() => undefined, 2 ** 30);
const code = await runCli(process.argv.slice(2));
clearInterval(alive);
process.exitCode = code;
// An open stdin or a library's handle must not keep a finished command alive; what was written goes out first.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
