import { enableCompileCache } from 'node:module';
import { compileCache } from './compile-cache.ts';

/** The command line's entry: what must hold before any of our own code is loaded, and the end of the process. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  process.stderr.write(`Error: Nucleus needs Node 22.13 or newer, this is ${process.versions.node}\n`);
  process.exit(3);
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that closed its end (`nucleus list | head -1`) is done with us; that is no failure.
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  process.stderr.write(`Error: stdout cannot be written (${error.code})\n`);
  process.exit(1);
});
// There is nowhere left to say it, and a client that closed stderr alone still wants its answers.
process.stderr.on('error', () => undefined);

enableCompileCache(compileCache);

const { runCli } = await import('./program.ts');
// The gateway's clock keeps no process alive; a command that waits for its answer has nothing else to live for.
const alive = setInterval(() => undefined, 2 ** 30);
const code = await runCli(process.argv.slice(2));
clearInterval(alive);
process.exitCode = code;
// An open stdin or a library's handle must not keep a finished command alive; what was written goes out first.
process.stdout.write('', (error) => {
  // Else the listener above ends the process.
  if (!error) process.stderr.write('', () => process.exit(code));
});
