import { runCli } from './program.ts';

/* The life of the process that runs one command line. */

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that closed its end (`nucleus list | head -1`) is done with us; that is no failure.
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  process.stderr.write(`Error: stdout cannot be written (${error.code})\n`);
  process.exit(1);
});
// There is nowhere left to say it, and a client that closed stderr alone still wants its answers.
process.stderr.on('error', () => undefined);

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
