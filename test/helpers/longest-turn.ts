/**
 * How long work held the event loop at most, in milliseconds: what the thread computed in one turn. Time in which the
 * machine gave it no processor does not count, so that other work beside a test does not fail it.
 */
export async function longestTurn<T>(work: () => Promise<T>): Promise<{ value: T; milliseconds: number }> {
  let longest = 0;
  let before = process.threadCpuUsage();
  let turn = setImmediate(function next() {
    const { user, system } = process.threadCpuUsage(before);
    longest = Math.max(longest, user + system);
    before = process.threadCpuUsage();
    turn = setImmediate(next);
  });
  try {
    const value = await work();
    const { user, system } = process.threadCpuUsage(before);
    return { value, milliseconds: Math.max(longest, user + system) / 1_000 };
  } finally {
    clearImmediate(turn);
  }
}
