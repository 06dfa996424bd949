import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

export interface Fence {
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** What stands after the language. */
  readonly words: readonly string[];
  readonly text: string;
  /** Whether nothing but blank lines stands between it and the fence before. */
  readonly followsFence: boolean;
}

/** Every page of the project, as paths from its root. */
export function pages(): string[] {
  return globSync(['*.md', 'docs/**/*.md', 'resources/**/*.md'], { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .sort();
}

export const readPage = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The fenced blocks of a page, without the indent of a list they stand in. */
export function fencesOf(text: string): Fence[] {
  const fences: Fence[] = [];
  let open: { line: number; indent: number; marks: string; info: string; lines: string[] } | null = null;
  let hasText = true;
  for (const [index, line] of text.split('\n').entries()) {
    const [, indent = '', marks = '', info = ''] = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (open && marks === open.marks && info.trim() === '') {
      const [language = '', ...words] = open.info.split(/\s+/);
      fences.push({
        line: open.line,
        language,
        words,
        text: open.lines.join('\n'),
        followsFence: !hasText,
      });
      open = null;
      hasText = false;
    } else if (open) open.lines.push(line.slice(open.indent));
    else if (marks !== '')
      open = { line: index + 1, indent: indent.length, marks, info: info.trim(), lines: [] };
    else if (line.trim() !== '') hasText = true;
  }
  if (open) throw new Error(`line ${open.line}: this block has no end`);
  return fences;
}

/** The prose of a page: fenced blocks, code and comments are blanked, and lines stay where they are. */
export function proseOf(text: string): string {
  let marks = '';
  return text
    .replace(/<!--[\s\S]*?-->/g, blank)
    .split('\n')
    .map((line) => {
      const [, found = '', info = ''] = /^\s*(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
      if (marks === '' && found === '') return line.replace(/(`+)[^`]*?\1/g, blank);
      if (marks === '') marks = found;
      else if (found === marks && info.trim() === '') marks = '';
      return '';
    })
    .join('\n');
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

/** What the links and pictures of a page lead to. */
export function linksOf(text: string): { readonly line: number; readonly target: string }[] {
  return proseOf(text)
    .split('\n')
    .flatMap((line, index) =>
      [...line.matchAll(/\]\(([^()\s]+)(?:\s+"[^"]*")?\)|(?:src|srcset|href)="([^"\s]+)"/g)].map((match) => ({
        line: index + 1,
        target: match[1] ?? match[2] ?? '',
      })),
    );
}

/** The anchors GitHub gives to the headings of a page. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  // Not of the prose, which has no code in it: a heading's code is part of its anchor.
  const fenced = new Set(
    fencesOf(text).flatMap(({ line, text: block }) => block.split('\n').map((_, index) => line + 1 + index)),
  );
  for (const [index, line] of text.split('\n').entries()) {
    const title = fenced.has(index + 1) ? undefined : /^#{1,6}\s+(.*)$/.exec(line)?.[1];
    if (title === undefined) continue;
    const anchor = title
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    let own = anchor;
    for (let again = 1; anchors.has(own); again += 1) own = `${anchor}-${again}`;
    anchors.add(own);
  }
  return anchors;
}
