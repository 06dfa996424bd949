import { session, type Session } from 'electron';
import { partitionOf } from './sign-in-rules.ts';

const prepared = new WeakSet<Session>();

/** The profile's own browser storage: who is signed in here is not signed in for any other profile. */
export function signInSession(profile: string): Session {
  const own = session.fromPartition(partitionOf(profile));
  if (prepared.has(own)) return own;
  prepared.add(own);
  // Permissions and devices are denied to every session already, by harden.ts.
  own.on('will-download', (event) => event.preventDefault());
  // It would fetch a dictionary from the internet.
  own.setSpellCheckerEnabled(false);
  return own;
}

/** Deletes everything the pages of this profile stored, so that the next sign-in starts as a stranger. */
export async function clearSignIn(profile: string): Promise<void> {
  const own = session.fromPartition(partitionOf(profile));
  await own.clearData();
  await own.clearStorageData();
  await own.clearAuthCache();
  await own.cookies.flushStore();
}
