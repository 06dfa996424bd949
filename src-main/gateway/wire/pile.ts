/** Bytes that come in pieces, until there is enough of them. */
export interface Pile {
  add(piece: Buffer): void;
  /** All of it as one; the pile is empty then. */
  take(): Buffer;
  clear(): void;
}

/** So many pieces are joined: a small one costs far more than its bytes, and keeps the chunk it was cut from. */
const joinedAt = 1_024;

/** However small the pieces are, a pile takes little more memory than its bytes. */
export function createPile(): Pile {
  let joined: Buffer[] = [];
  let loose: Buffer[] = [];
  const clear = (): void => {
    joined = [];
    loose = [];
  };
  return {
    clear,
    add(piece) {
      loose.push(piece);
      if (loose.length < joinedAt) return;
      joined.push(Buffer.concat(loose));
      loose = [];
    },
    take() {
      const pieces = joined.length > 0 ? [...joined, ...loose] : loose;
      clear();
      const [only] = pieces;
      return only && pieces.length === 1 ? only : Buffer.concat(pieces);
    },
  };
}
