import { connectClient, connectModernClient } from './client.ts';
import type { Home, Scope } from './home.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Whoever can call a tool. */
export interface Caller {
  call(name: string, args: Json): Promise<Json>;
}

/** Clients of both eras, as the SDKs make them: they hold every answer against the schema that was listed for it. */
export async function checkingClients(scope: Scope, home: Home): Promise<Caller[]> {
  const both = [await connectClient(scope, home), await connectModernClient(scope, home)];
  for (const one of both) await one.listTools();
  return both.map((one) => ({ call: (name, args) => one.callTool({ name, arguments: { ...args } }) }));
}
