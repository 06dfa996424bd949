import type { Resolved } from './accounts.ts';
import type { Match } from './search.ts';
import { termShift, type Entry } from './text-index.ts';
import type { Field } from './tool-text.ts';
import { fields } from './tool-text.ts';

const fieldNames: Readonly<Record<Field, string>> = {
  name: 'tool name',
  title: 'title',
  connector: 'connector',
  description: 'description',
  parameter: 'parameters',
  argument: 'parameter descriptions',
};

const maxWords = 6;

/** Why a tool was found, one sentence per field: `matched "sql", "query" in tool name`. */
export function matchReasons(entry: Entry, matches: ReadonlyMap<number, Match>): string[] {
  const words: string[][] = [];
  for (const packed of entry.terms) {
    const word = matches.get(packed >>> termShift)?.word;
    if (word === undefined) continue;
    for (let field = 0; field < fields.length; field += 1) {
      if ((packed & (1 << field)) === 0) continue;
      const own = (words[field] ??= []);
      if (own.length < maxWords && !own.includes(word)) own.push(word);
    }
  }
  const reasons: string[] = [];
  fields.forEach((field, index) => {
    const own = words[index];
    if (own) reasons.push(`matched "${own.join('", "')}" in ${fieldNames[field]}`);
  });
  return reasons;
}

/** Why the first account of a tool stands first; null when it is the only one. */
export function accountReason({ accounts, meant, reason }: Resolved): string | null {
  if (accounts.length < 2) return null;
  const names = accounts.slice(0, meant).map(({ alias }) => `"${alias}"`);
  const [first] = names;
  const sentences: Readonly<Record<typeof reason, string>> = {
    named: `named ${names.join(', ')}`,
    meant: `understood as account ${names.join(', ')}`,
    all: `asked for all accounts: ${names.join(', ')}`,
    left: `other accounts were ruled out: ${first}`,
    sticky: `account used last: ${first}`,
    default: `default account: ${first}`,
    first: `no account named: ${first}`,
  };
  return sentences[reason];
}
