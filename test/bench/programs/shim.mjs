// A shim that only copies bytes between stdin, stdout and a socket: `shim.mjs SOCKET`.
import { connect } from 'node:net';

const socket = connect(process.argv[2]);
process.stdin.pipe(socket).pipe(process.stdout);
socket.on('error', () => process.exit(1)).on('close', () => process.exit());
