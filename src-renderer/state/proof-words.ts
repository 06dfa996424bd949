import type { PendingApproval } from '../../src-shared/policy.ts';
import { text } from '../text.ts';

/** What a PIN is asked for, by the question and its input: a person must not confirm another act than they began. */
export function proofWords(
  question: string,
  input: unknown,
  waiting: readonly Pick<PendingApproval, 'id' | 'tool' | 'profile' | 'client'>[],
): string {
  const words = text.web;
  const fields: Readonly<Record<string, unknown>> = isRecord(input) ? input : {};
  const field = (name: string): string => String(fields[name]);
  switch (question) {
    case 'approvals.allow': {
      const call = waiting.find(({ id }) => id === fields['id']);
      if (!call) break;
      const { tool, profile, client } = call;
      if (typeof fields['choice'] === 'string') return words.useAccount(fields['choice'], client);
      const { grant } = fields;
      return isRecord(grant)
        ? words.allowMore(tool, profile, client, Number(grant['minutes']))
        : words.allow(tool, profile, client);
    }
    case 'profiles.changeEnv':
      return words.changeEnv(field('id'), fields['env'] === null ? words.noEnv : field('env'));
    case 'workspaces.trust':
      return words.trust(field('file'));
    case 'workspaces.forget':
      return words.forget(field('file'));
    case 'hosts.connect':
      return words.connect(field('host'));
    case 'hosts.undo':
      return words.undoHost(field('host'));
    case 'doctor.fix':
      return words.fix(field('check'));
  }
  return words.acts[question] ?? words.act(question);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
