import type { AnsweredApproval } from '../../src-shared/policy.ts';
import { text } from '../text.ts';
import type { StateWord } from './upstream-words.ts';

const looks: Readonly<Record<AnsweredApproval['answer'], Omit<StateWord, 'word'>>> = {
  allowed: { icon: 'okc', tone: 'ok' },
  granted: { icon: 'okc', tone: 'ok' },
  denied: { icon: 'block', tone: 'plain' },
  unanswered: { icon: 'clock', tone: 'plain' },
  withdrawn: { icon: 'x', tone: 'plain' },
};

/** How a question ended, with a glyph, and where unless it was here. */
export function answerWord({ answer, via }: AnsweredApproval): StateWord {
  const { answers, vias } = text.approvals;
  const where = via === null ? '' : vias[via];
  return { ...looks[answer], word: [answers[answer], ...(where === '' ? [] : [where])].join(' ') };
}
