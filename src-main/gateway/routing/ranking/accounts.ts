import type { Account } from './account.ts';
import type { Mention, Token } from './mentions.ts';
import { comparesUnnamed, type Scope } from './scope.ts';
import { stem } from './stem.ts';

/** Why an account stands first. */
export type Reason = 'named' | 'meant' | 'all' | 'left' | 'sticky' | 'default' | 'first';

/** The accounts of one tool as an intent means them. */
export interface Resolved {
  /** All accounts that have the tool, the meant ones first. */
  readonly accounts: readonly Account[];
  /** How many of them, from the first, are meant. */
  readonly meant: number;
  readonly reason: Reason;
  /** Whether the intent spoke of several accounts; else that was only read from "compare". */
  readonly isExplicit: boolean;
}

/** The stems of a tool's name, title and description, and those of its name. */
export interface ToolWords {
  has(stem: string): boolean;
  inName(stem: string): boolean;
}

/** What an intent says about accounts. */
export interface Reading {
  readonly tokens: readonly Token[];
  readonly mentions: readonly Mention[];
  readonly scopes: readonly Scope[];
}

/**
 * Which of the accounts that have a tool an intent means: the named ones, else those it paraphrases, else all when it
 * says so, else what is left when it rules some out; of those the one used last, the default, the first.
 */
export function resolveAccounts(
  accounts: readonly Account[],
  reading: Reading,
  tool: ToolWords,
  sticky: string | undefined,
): Resolved {
  const [only] = accounts;
  if (accounts.length === 1 && only)
    return { accounts, meant: 1, reason: habit(only, sticky), isExplicit: true };
  // Where all accounts are asked for in so many words, a word in passing names none of them.
  const isSure = reading.scopes.some(({ noun, isPlace }) => noun === null && isPlace);
  const own = mentionsOf(accounts, reading, tool).filter(({ isPlain }) => isPlain || !isSure);
  const denied = new Set(
    own.filter(({ isNegated }) => isNegated).flatMap((mention) => within(mention, accounts)),
  );
  const left = accounts.filter((account) => !denied.has(account));
  const allowed = left.length > 0 ? left : accounts;
  const wanted = (how: Mention['how']): readonly Mention[] =>
    own.filter((mention) => mention.how === how && !mention.isNegated);

  const inOrder = (meant: readonly Account[], reason: Reason, isExplicit = true): Resolved => ({
    accounts: [
      ...meant,
      ...byHabit(
        accounts.filter((account) => !meant.includes(account)),
        sticky,
      ),
    ],
    meant: meant.length,
    reason,
    isExplicit,
  });

  const named = [...wanted('name'), ...wanted('part').filter((mention) => isNarrow(mention, accounts))];
  const names = unique(named.flatMap((mention) => within(mention, accounts))).filter(
    (account) => !denied.has(account),
  );
  const kinds = wanted('kind').flatMap((mention) => {
    const meant = within(mention, allowed);
    return meant.length > 1 ? byHabit(meant, sticky).slice(0, 1) : meant;
  });
  if (names.length > 0)
    return inOrder(unique([...names, ...kinds.filter((account) => !denied.has(account))]), 'named');
  const all = reading.scopes.some(({ noun, isPlace }) => isPlace || noun === null || !tool.inName(noun));
  const parts = narrowed(wanted('part'), allowed);
  if (parts.length > 0)
    return all ? inOrder(parts, 'named') : inOrder(byHabit(parts, sticky).slice(0, 1), 'named');
  if (kinds.length > 0) return inOrder(unique(kinds), 'meant');
  if (all && allowed.length > 1) return inOrder(byHabit(allowed, sticky), 'all');
  if (allowed.length > 1 && comparesUnnamed(reading.tokens, tool))
    return inOrder(byHabit(allowed, sticky), 'all', false);
  const first = byHabit(allowed, sticky)[0] as Account;
  return inOrder([first], denied.size > 0 && first.profile !== sticky ? 'left' : habit(first, sticky));
}

/** Mentions of these accounts that are meant as such; of two that overlap the longer, and a name before what it may also stand for. */
function mentionsOf(accounts: readonly Account[], reading: Reading, tool: ToolWords): Mention[] {
  const own = reading.mentions.filter((mention) => {
    if (within(mention, accounts).length === 0) return false;
    if (mention.isPlain) return true;
    if (mention.isOrdinary || mention.how === 'kind') {
      // A bare everyday word is a name only where the tool itself has no use for it.
      const word = reading.tokens[mention.first]?.word ?? '';
      return !tool.has(stem(word)) && !mention.isNegated && isLast(mention, reading);
    }
    return !tool.has(stem(reading.tokens[mention.first]?.word ?? '')) || mention.how === 'name';
  });
  const strength = { name: 2, part: 1, kind: 0 };
  return own.filter((mention) =>
    own.every((other) => {
      if (other === mention || other.last <= mention.first || other.first >= mention.last) return true;
      const longer = other.last - other.first - (mention.last - mention.first);
      return longer < 0 || (longer === 0 && strength[other.how] <= strength[mention.how]);
    }),
  );
}

/** An everyday word that ends or begins the intent stands apart from what is asked. */
function isLast(mention: Mention, reading: Reading): boolean {
  return mention.last === reading.tokens.length || mention.first === 0;
}

function within(mention: Mention, accounts: readonly Account[]): Account[] {
  return accounts.filter((account) => mention.accounts.some(({ profile }) => profile === account.profile));
}

/** Whether a part of an alias tells one account from the others. */
function isNarrow(mention: Mention, accounts: readonly Account[]): boolean {
  return within(mention, accounts).length === 1;
}

/** The accounts that most of the named parts lead to. */
function narrowed(mentions: readonly Mention[], accounts: readonly Account[]): Account[] {
  const counts = accounts.map(
    (account) => mentions.filter((mention) => within(mention, [account]).length > 0).length,
  );
  const most = Math.max(0, ...counts);
  return most === 0 ? [] : accounts.filter((_, index) => counts[index] === most);
}

function byHabit(accounts: readonly Account[], sticky: string | undefined): Account[] {
  const rank = (account: Account): number => (account.profile === sticky ? 0 : account.isDefault ? 1 : 2);
  return accounts.length < 2 ? [...accounts] : [...accounts].sort((a, b) => rank(a) - rank(b));
}

function habit(account: Account, sticky: string | undefined): Reason {
  if (account.profile === sticky) return 'sticky';
  return account.isDefault ? 'default' : 'first';
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
