/** How long an act can be taken back. */
export const undoMs = 10_000;

/** Offers for a while to take an act back, and for as long as somebody is at the offer. */
export interface UndoOffer {
  begin(): void;
  /** Somebody points at it or stands on it, or no longer does. */
  hold(isHeld: boolean): void;
  end(): void;
}

export function createUndoOffer(withdraw: () => void): UndoOffer {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOpen = false;
  const begin = (): void => {
    clearTimeout(timer);
    isOpen = true;
    timer = setTimeout(end, undoMs);
  };
  const end = (): void => {
    clearTimeout(timer);
    isOpen = false;
    withdraw();
  };
  return {
    begin,
    hold(isHeld) {
      if (!isOpen) return;
      if (isHeld) clearTimeout(timer);
      else begin();
    },
    end,
  };
}
