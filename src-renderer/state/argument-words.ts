/** More of it is never shown in one line; all of it is in the prompt. */
const limit = 400;

/** The arguments of a call in one line, to be cut where it ends: `sql: update users set …, limit: 5`. */
export function argumentWords(json: string): string {
  const value = parsed(json);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return json.slice(0, limit);
  return Object.entries(value)
    .map(
      ([key, one]) =>
        `${key}: ${typeof one === 'string' ? JSON.stringify(one).slice(1, -1) : JSON.stringify(one)}`,
    )
    .join(', ')
    .slice(0, limit);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null; // Not JSON: the text is shown as it is.
  }
}
