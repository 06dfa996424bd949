import type { Reply } from '../../../src-shared/bridge.ts';
import { contract, personContract } from '../../../src-shared/contract.ts';
import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { Line, OpenLine } from './door.ts';

/** Puts one question of the page to the gateway; every failure is a Reply. */
export type PutQuestion = (name: string, input: unknown, gone: AbortSignal) => Promise<Reply>;

/** Of the proofs of a person the page can give one: these need a terminal, or a screen nobody may sit before. */
const notHere: ReadonlySet<string> = new Set(['person.askWithSystem', 'person.setFirstPin']);

/** Each question has a connection of its own: when the page that asked is gone, so is what it waits for. */
export function createQuestions(open: OpenLine): PutQuestion {
  return async (name, input, gone) => {
    let line: Line | null = null;
    const leave = (): void => line?.close();
    gone.addEventListener('abort', leave, { once: true });
    try {
      if (isIn(personContract, name) && !isIn(contract, name))
        throw new NucleusError('PERSON_REQUIRED', 'this takes you: the approval PIN has to come with it', {
          way: 'pin',
        });
      if (!isIn(contract, name) || notHere.has(name))
        throw new NucleusError('METHOD_UNKNOWN', `${name} cannot be asked from this page`);
      line = await open();
      if (gone.aborted) throw new NucleusError('CALL_CANCELLED', 'the page that asked is gone');
      const [group = '', key = ''] = name.split('.');
      const asks = line.api as unknown as Record<
        string,
        Record<string, (input: unknown) => Promise<unknown>>
      >;
      return { ok: true, value: await asks[group]?.[key]?.(input) };
    } catch (error) {
      const { code, message, data } = toNucleusError(error);
      return { ok: false, error: { code, message, data } };
    } finally {
      gone.removeEventListener('abort', leave);
      leave();
    }
  };
}

function isIn(asks: Readonly<Record<string, object>>, name: string): boolean {
  const [group = '', key = '', ...rest] = name.split('.');
  return rest.length === 0 && Object.hasOwn(asks, group) && Object.hasOwn(asks[group] ?? {}, key);
}
