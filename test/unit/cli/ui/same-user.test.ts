import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import test from 'node:test';
import { isSameUser, ownerOf } from '../../../../src-main/cli/ui/same-user.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1267 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31337 1
   1: 0100007F:B1C8 0100007F:1267 01 00000000:00000000 00:00000000 00000000  1001        0 41414 1
   2: 0100007F:1267 0100007F:B1C8 01 00000000:00000000 00:00000000 00000000  1000        0 41415 1
`;

test('the owner of a connection is that of its other end', () => {
  assert.equal(ownerOf(table, 0xb1c8, 0x1267), 1001);
  assert.equal(ownerOf(table, 0x1267, 0xb1c8), 1000);
  assert.equal(ownerOf(table, 0xb1c9, 0x1267), null);
  assert.equal(ownerOf('', 1, 2), null);
});

test('a connection of this process is the same user’s', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => void server.close());
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => void client.destroy());
  const [socket] = (await once(server, 'connection')) as [Socket];
  assert.equal(isSameUser(socket), true);
  socket.destroy();
});
