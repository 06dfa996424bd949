export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** How large the popover is. */
export const popoverSize = { width: 380, height: 560 } as const;
/** Between it and the icon, and the edges of the screen. */
const gap = 6;

/**
 * Where the popover goes, beside the tray's icon and within the screen; null where the system does not tell where the
 * icon is, as on most Linux desktops.
 */
export function popoverPlace(
  icon: Area,
  work: Area,
  size: Pick<Area, 'width' | 'height'> = popoverSize,
): Area | null {
  if (icon.width <= 0 || icon.height <= 0) return null;
  const height = Math.min(size.height, work.height - 2 * gap);
  const width = Math.min(size.width, work.width - 2 * gap);
  if (height <= 0 || width <= 0) return null;
  const side = sideOf(icon, work);
  const beside = {
    below: { x: middle(icon.x, icon.width, width), y: icon.y + icon.height + gap },
    above: { x: middle(icon.x, icon.width, width), y: icon.y - height - gap },
    right: { x: icon.x + icon.width + gap, y: middle(icon.y, icon.height, height) },
    left: { x: icon.x - width - gap, y: middle(icon.y, icon.height, height) },
  }[side];
  return {
    x: within(beside.x, work.x + gap, work.x + work.width - width - gap),
    y: within(beside.y, work.y + gap, work.y + work.height - height - gap),
    width,
    height,
  };
}

/** The side of the icon where the screen is: panels lie on an edge, outside of the area for windows. */
function sideOf(icon: Area, work: Area): 'below' | 'above' | 'left' | 'right' {
  if (icon.y + icon.height <= work.y) return 'below';
  if (icon.y >= work.y + work.height) return 'above';
  if (icon.x + icon.width <= work.x) return 'right';
  if (icon.x >= work.x + work.width) return 'left';
  // A panel that hides itself leaves no room of its own: away from the nearer edge.
  return icon.y + icon.height / 2 < work.y + work.height / 2 ? 'below' : 'above';
}

function middle(start: number, length: number, own: number): number {
  return Math.round(start + length / 2 - own / 2);
}

function within(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
