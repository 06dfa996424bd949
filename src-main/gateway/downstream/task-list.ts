import { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock } from '../platform.ts';
import { resultOf, type Call, type Dispatch } from '../routing/dispatch.ts';
import type { Task, TasksOfOne } from '../routing/tasks.ts';
import type { View } from '../routing/view.ts';
import type { Params } from '../wire/frame.ts';

const pageSize = 100;
/** An account that does not answer by then is left out of nothing: its task is listed as it last was. */
const patienceMs = 5_000;
const isOver = new Set<unknown>(['completed', 'failed', 'cancelled']);

/** One page of the tasks a client of the legacy era started, wherever they run; throws CURSOR_INVALID. */
export async function listTasks(
  deps: { readonly clock: Clock; readonly dispatch: Dispatch },
  tasks: TasksOfOne,
  view: View,
  cursor: unknown,
  caller: Pick<Call, 'principal' | 'client'>,
): Promise<Params> {
  const all = tasks.list(view);
  const start = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
  if (cursor !== undefined && start === 0)
    throw new NucleusError(
      'CURSOR_INVALID',
      'this cursor is not one of ours or its task is over; list again',
    );
  const page = all.slice(start, start + pageSize);
  const controller = new AbortController();
  const forget = deps.clock.after(patienceMs, () => controller.abort());
  const states = await Promise.all(page.map((task) => stateNow(task, controller.signal))).finally(forget);
  const last = start + pageSize < all.length ? page.at(-1) : undefined;
  return { tasks: states.filter((state) => state !== null), ...(last && { nextCursor: last.id }) };

  async function stateNow(task: Task, signal: AbortSignal): Promise<Params | null> {
    const found = tasks.find(task.id, view);
    if (!found || isOver.has(task.state['status'])) return task.state;
    const { own, route } = found;
    try {
      const call = {
        kind: 'other',
        method: 'tasks/get',
        route,
        params: { taskId: own },
        via: 'direct',
      } as const;
      tasks.learn(own, route.binding, resultOf(await deps.dispatch({ ...call, ...caller, signal })));
    } catch (thrown) {
      const code = thrown instanceof NucleusError ? thrown.data['upstream'] : undefined;
      // Its upstream does not know it any more.
      if ((code as Params | undefined)?.['code'] === -32602) {
        tasks.forget(task.id);
        return null;
      }
    }
    return task.state;
  }
}
