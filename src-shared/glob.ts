/** Whether a text matches a pattern in which `*` stands for any characters; case does not matter, both ends count. */
export function matchesGlob(pattern: string, text: string): boolean {
  return compileGlob(pattern)(text.toLowerCase());
}

/** The same for a pattern that many texts are held against. What it returns takes a text in lower case. */
export function compileGlob(pattern: string): (lowerCase: string) => boolean {
  const parts = pattern.toLowerCase().split('*');
  const first = parts[0] as string;
  if (parts.length === 1) return (text) => text === first;
  const last = parts.at(-1) as string;
  const middle = parts.slice(1, -1);
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
      return false;
    // Taking each middle part at its earliest place leaves the most room for the next: no backtracking, linear time.
    let from = first.length;
    const end = text.length - last.length;
    for (const part of middle) {
      const at = text.indexOf(part, from);
      if (at < 0 || at + part.length > end) return false;
      from = at + part.length;
    }
    return true;
  };
}
