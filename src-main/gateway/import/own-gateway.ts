import { contract, type Handlers } from '../../../src-shared/contract.ts';
import type { ImportApi } from './import.ts';

/** What the import asks, answered by the gateway in this process. */
export function ownGateway({ profiles }: Pick<Handlers, 'profiles'>): ImportApi {
  const { list, add, remove } = contract.profiles;
  const { signal } = new AbortController();
  return {
    profiles: {
      list: async (input) => list.output.parse(await profiles.list(input, { signal })),
      add: async (input) => add.output.parse(await profiles.add(add.input.parse(input), { signal })),
      remove: async (input) => remove.output.parse(await profiles.remove(input, { signal })),
    },
  };
}
