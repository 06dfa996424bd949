/** A text as JSON has it; JSON.stringify takes three times as long for what is mostly plain. */
export function quoted(text: string): string {
  return isPlain.test(text) ? `"${text}"` : JSON.stringify(text);
}

const isPlain = /^[ !#-[\]-~]*$/;
