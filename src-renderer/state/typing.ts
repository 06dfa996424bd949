/** Whether a key belongs to a field someone types in. */
export function isTyping(event: { readonly target: EventTarget | null }): boolean {
  const { target } = event;
  return (
    target instanceof HTMLElement &&
    (target.matches('textarea, select, input:not([type=checkbox], [type=radio])') || target.isContentEditable)
  );
}
