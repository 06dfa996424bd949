export async function profileNucleus(_options: {
  folder: string;
  names: readonly string[] | null;
  scale: number;
}): Promise<void> {}
