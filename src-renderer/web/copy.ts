import { text } from '../text.ts';

/** Puts text on the clipboard, also where the browser keeps that from scripts. */
export async function copyText(value: string): Promise<void> {
  try {
    return await navigator.clipboard.writeText(value);
  } catch {
    // Not allowed, or not there; the old way needs no permission.
  }
  const field = document.createElement('textarea');
  field.value = value;
  field.className = 'sr';
  const before = document.activeElement;
  // Inside an open dialog nothing outside of it can be selected.
  (document.querySelector('dialog[open]') ?? document.body).append(field);
  field.select();
  const isCopied = document.execCommand('copy');
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  if (!isCopied) throw new Error(text.web.notCopied);
}
