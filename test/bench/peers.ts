import { openHttpClient, openStdioClient, type Client, type Command } from './client.ts';
import type { Subject } from './subject.ts';
export const peers: readonly Subject[] = [];
export async function fetchPeers(_say: (text: string) => void): Promise<void> {}
