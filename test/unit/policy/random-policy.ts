import type { Facts } from '../../../src-main/gateway/policy/decision.ts';
import { PolicyFile, type Rule } from '../../../src-shared/policy.ts';

/** A source of chance that gives the same for the same seed. */
export interface Chance {
  /** From 0 up to `count`, without it. */
  below(count: number): number;
  one<T>(items: readonly T[]): T;
  /** True in so many of a hundred. */
  is(percent: number): boolean;
}

/** mulberry32 */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count: number): number => Math.floor(next() * count);
  return {
    below,
    one: (items) => items[below(items.length)] as (typeof items)[number],
    is: (percent) => next() * 100 < percent,
  };
}

/** The seed everybody has, and one of this run; said by the name of the test that fails. */
export const seeds = [20_261_120, Date.now() % 2 ** 31];

const names = ['prod', 'staging', 'x'];
const connectors = ['db', 'mail'];
const tools = ['query', 'drop_table', 'run', 'run>drop_table', 'run>query'];
const globs = ['*', 'drop_*', '*_table', 'query', 'run', 'run>*', 'QUERY', 'nothing', '*>drop*'];

/** Facts of a small world, so that rules and calls meet often. */
export function randomFacts(chance: Chance): Facts {
  const connector = chance.one(connectors);
  const operation = chance.one(tools);
  return {
    principal: chance.one(['local', 'laptop']),
    client: chance.one(['claude', 'cursor', 'Laptop']),
    profile: `${connector}:${chance.one(names)}`,
    connector,
    alias: chance.one([...names, 'main']),
    kind: chance.is(70) ? 'tool' : chance.one(['prompt', 'resource', 'other'] as const),
    name: operation.split('>')[0] as string,
    operation,
    env: chance.one(['prod', 'staging', 'dev', 'personal', null] as const),
    effect: { does: chance.one(['reads', 'writes', 'destroys'] as const), basis: 'manifest' },
    arguments: {
      ...(chance.is(70) && { sql: chance.one(['SELECT 1', 'DROP TABLE a', '']) }),
      ...(chance.is(30) && { deep: { list: [chance.one([true, 7, 'DROP'])] } }),
    },
  };
}

export function randomRule(chance: Chance, more: Partial<Rule> = {}): Rule {
  const some = (): string[] => Array.from({ length: 1 + chance.below(2) }, () => chance.one(globs));
  const isAsking = chance.is(35);
  const confirm = isAsking ? chance.is(60) : chance.is(50);
  const deny = (!isAsking || confirm) && chance.is(35);
  const isClear = isAsking || confirm || deny;
  const allow = (!isClear || (confirm && chance.is(20))) && !('allow' in more);
  const when = <T extends object>(percent: number, part: () => T): T | undefined =>
    chance.is(percent) ? part() : undefined;
  return PolicyFile.parse({
    rule: [
      {
        ...when(50, () => ({
          match: `${chance.one(['*', 'db', 'DB', 'mail'])}:${chance.one(['*', ...names, 'main'])}`,
        })),
        ...when(15, () => ({ profile: chance.one(['db:*', '*:prod', 'mail:x']) })),
        ...when(10, () => ({ connector: chance.one(['d*', 'mail']) })),
        ...(!allow && when(10, () => ({ alias: chance.one(['main', 'p*']) }))),
        ...when(15, () => ({ env: chance.one(['prod', ['staging', 'dev']]) })),
        ...when(25, () => ({ effect: chance.one(['reads', 'writes', 'destroys', ['reads', 'destroys']]) })),
        ...when(10, () => ({ client: chance.one(['claude', 'l*', 'laptop']) })),
        ...when(10, () => ({ arguments: { sql: chance.one(['*drop*', 'select*', '']) || '*' } })),
        ...when(5, () => ({ arguments: { '/deep/list/0': chance.one(['true', '7', 'drop']) } })),
        ...((deny || (!isClear && !allow)) && { deny: some() }),
        ...(confirm && { confirm: some() }),
        ...(allow && { allow: some() }),
        ...when(20, () => ({ phrase: chance.one(['yes', '', 'do it']) })),
        ...(isAsking && { approve: 'human' }),
        ...(isAsking &&
          when(40, () => ({
            approve_via: chance.one([['app'], ['terminal', 'app'], ['client'], ['client', 'app']]),
          }))),
        ...(isAsking && when(20, () => ({ grants: chance.is(30) }))),
        ...more,
      },
    ],
  }).rule[0] as Rule;
}

export function randomFile(chance: Chance): PolicyFile {
  return {
    defaults: chance.is(80),
    rule: Array.from({ length: chance.below(6) }, () => randomRule(chance)),
  };
}
