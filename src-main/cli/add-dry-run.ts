import { existsSync } from 'node:fs';
import type { AddRequest } from './add-request.ts';
import { withApi } from './api.ts';
import type { Context } from './context.ts';
import { findGateway } from './find-gateway.ts';
import { oneLine, print, printJson } from './output.ts';

/** Says what `add` would do and does nothing. */
export async function dryRun(context: Context, request: AddRequest): Promise<number> {
  const { connector, url, headers, metadata, transport, launch, readOnly, roots, stderr, replace, connect } =
    request;
  const { variant, auth, env } = request;
  const name = request.name ?? (await nameWithoutAsking(context, connector));
  const resolved = {
    connector,
    name,
    url,
    headers,
    metadata,
    transport,
    launch,
    readOnly,
    variant,
    auth,
    env,
    roots,
    stderr,
    replace,
    connect,
  };
  if (context.json) {
    printJson(context, resolved);
    return 0;
  }
  for (const [key, value] of Object.entries(resolved)) {
    if (value !== null)
      print(context, `${key}: ${typeof value === 'string' ? oneLine(value) : JSON.stringify(value)}`);
  }
  return 0;
}

/** `default` where it is free; null where a person would be asked. Makes no state folder to find out. */
async function nameWithoutAsking(context: Context, connector: string): Promise<string | null> {
  const hasState = existsSync(context.paths.registry) || (await findGateway(context.paths)) !== null;
  if (!hasState) return 'default';
  return withApi(context, async ({ api }) => {
    const profiles = await api.profiles.list({});
    return profiles.some((profile) => profile.connector === connector) ? null : 'default';
  });
}
