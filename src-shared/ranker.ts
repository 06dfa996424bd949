/** Ways to order the tools that fit an intent: ours, and that of the original Nucleus. */
export const rankers = ['bm25f', 'original'] as const;
