import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import test from 'node:test';
import { createUnread } from '../../../src-main/gateway/downstream/http-unread.ts';

/** A response whose client has left so many bytes unread. */
function unread(bytes: number): ServerResponse & { writableLength: number } {
  const response = new EventEmitter() as ServerResponse & { writableLength: number };
  response.writableLength = bytes;
  response.destroy = () => {
    response.writableLength = 0;
    response.emit('close');
    return response;
  };
  return response;
}

test('what was left unread for longest goes, and only from who has too much of it', () => {
  const limit = createUnread(100);
  const [oldest, read, young, other] = [unread(60), unread(30), unread(30), unread(90)];
  const gone: string[] = [];
  for (const [name, response] of Object.entries({ oldest, read, young, other }))
    response.once('close', () => gone.push(name));
  limit.watch('other', other);
  limit.watch('me', oldest);
  limit.watch('me', read);
  limit.watch('me', read);
  assert.deepEqual(gone, []);
  read.writableLength = 0;
  limit.watch('me', young);
  assert.deepEqual(gone, []);
  limit.watch('me', unread(30));
  assert.deepEqual(gone, ['oldest']);
  other.emit('close');
  limit.watch('other', unread(90));
  assert.deepEqual(gone, ['oldest', 'other']);
});
