import { statSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';

/** A machine with more is not searched to its end. */
const maxProcesses = 5_000;

/** Whether a process of this number is there, whatever it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Who has a file locked, as far as Linux tells; null elsewhere. */
export async function lockHolder(file: string): Promise<number | null> {
  const inode = statSync(file, { throwIfNoEntry: false })?.ino;
  const text = inode === undefined ? '' : await textOf('/proc/locks');
  const line = text.split('\n').find((one) => new RegExp(`:${inode} `).test(one));
  const pid = Number(line?.trim().split(/\s+/)[4]);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
}

/** Who listens on a port of this machine: Linux tells of processes of this user; null elsewhere. */
export async function portOwner(
  port: number,
): Promise<{ readonly pid: number; readonly name: string } | null> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map(textOf));
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = new Set<string>();
  for (const line of tables.flatMap((table) => table.split('\n'))) {
    const words = line.trim().split(/\s+/);
    // 0A is the state of one that listens.
    if (words[3] === '0A' && words[1]?.endsWith(`:${wanted}`)) sockets.add(`socket:[${words[9]}]`);
  }
  if (sockets.size === 0) return null;
  for (const pid of (await namesIn('/proc')).filter((name) => /^\d+$/.test(name)).slice(0, maxProcesses))
    for (const descriptor of await namesIn(`/proc/${pid}/fd`))
      if (sockets.has(await linkOf(`/proc/${pid}/fd/${descriptor}`)))
        return { pid: Number(pid), name: (await textOf(`/proc/${pid}/comm`)).trim() || 'a program' };
  return null;
}

// What is not there, or not ours to look at, says nothing: the answer is that nobody knows.

function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

function namesIn(path: string): Promise<string[]> {
  return readdir(path).catch(() => []);
}

function linkOf(path: string): Promise<string> {
  return readlink(path).catch(() => '');
}
