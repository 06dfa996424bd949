export interface DiffLine {
  /** `gap`: lines that stay and are not shown; its text says how many. */
  readonly kind: 'add' | 'del' | 'same' | 'gap';
  readonly text: string;
}

/** The lines of a unified diff without its headers: the file is named beside it. */
export function diffLines(unified: string): readonly DiffLine[] {
  return unified
    .split('\n')
    .filter((line) => line !== '' && !/^(---|\+\+\+|@@|diff |index |\\ )/.test(line))
    .map((line) => {
      if (line.startsWith('+')) return { kind: 'add', text: line.slice(1) };
      if (line.startsWith('-')) return { kind: 'del', text: line.slice(1) };
      return { kind: 'same', text: line.replace(/^ /, '') };
    });
}
