import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import type { FromBuiltin, ToBuiltin } from './builtin-messages.ts';

/*
 * The entry of a utility process: gives it the stdin that Electron does not, then loads the server named by the first
 * argument, which finds itself started like any other program.
 */
const port = process.parentPort;
const more: FromBuiltin = 'more';
let isFull = false;

const stdin = new Readable({
  read() {
    if (!isFull) return;
    isFull = false;
    port.postMessage(more);
  },
});
port.on('message', ({ data }: { readonly data: ToBuiltin }) => {
  const hasRoom = stdin.push(data.stdin);
  if (hasRoom) port.postMessage(more);
  else isFull = data.stdin !== null;
});
Object.defineProperty(process, 'stdin', { value: stdin, configurable: true });

const [server = ''] = process.argv.splice(2, 1);
await import(pathToFileURL(server).href);
