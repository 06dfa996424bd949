/** Whether a key belongs to a field someone types in. */
export function isTyping(event: { readonly target: EventTarget | null }): boolean {
  const { target } = event;
  return (
    target instanceof HTMLElement &&
    (target.matches('textarea, select, input:not([type=checkbox], [type=radio])') || target.isContentEditable)
  );
}

/** Whether a dialog has the screen: keys then mean nothing to what lies behind it. */
export function isBehindDialog(): boolean {
  return document.querySelector('dialog[open]') !== null;
}
