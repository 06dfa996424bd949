import type { ClientInfo } from '../../src-shared/contract.ts';
import { text } from '../text.ts';
import { ago, moment } from './words.ts';

/** What a client may use with its token, and since when and until when, in one line. */
export function tokenFacts(client: ClientInfo, now: number): string {
  const { profiles, workspace, createdAt, expiresAt } = client;
  const words = text.clients;
  const scope =
    workspace !== null
      ? words.ofWorkspace(workspace)
      : profiles === null
        ? words.everyProfile
        : profiles.map(({ id }) => id).join(', ');
  const end =
    expiresAt === null
      ? []
      : [
          expiresAt * 1_000 < now
            ? words.expired(moment(expiresAt * 1_000))
            : words.expires(moment(expiresAt * 1_000)),
        ];
  return [scope, words.made(ago(createdAt * 1_000, now)), ...end].join(', ');
}
