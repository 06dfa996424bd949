import { isAbsolute } from 'node:path';
import type { Manifest, ManifestStdio } from './manifest.ts';
import { isWebAddress } from './manifest-schema.ts';
import { holesOf } from './template.ts';

/** What no single field can tell. */
export function checkManifest(manifest: Manifest, fileName: string, fail: Fail): Manifest {
  const { stdio, url, messageUrl, transport } = manifest;
  if (manifest.name !== fileName)
    fail(
      'name',
      `"${manifest.name}" must equal the file's name`,
      `set name = "${fileName}" or rename the file`,
    );
  if (transport === 'stdio' && url !== null)
    fail('url', 'has no meaning with transport "stdio"', 'remove url, or set transport = "http"');
  if (transport !== 'stdio' && url === null)
    fail('url', `is required with transport "${transport}"`, 'add url = "https://…"');
  if (transport !== 'stdio' && stdio)
    fail(
      'stdio',
      `has no meaning with transport "${transport}"`,
      'remove [stdio], or set transport = "stdio"',
    );
  if (transport === 'stdio' && Object.keys(manifest.headers).length > 0)
    fail('headers', 'have no meaning with transport "stdio"', 'remove [headers], or set transport = "http"');
  if (transport === 'stdio' && !stdio && manifest.kind === 'builtin')
    fail('stdio', 'is required with transport "stdio"', 'add [stdio] with the server to start');
  if (url !== null && !isWebAddress(url.replace(/\{\{.*?\}\}/gs, 'x')))
    fail(
      'url',
      'must be an http or https address',
      'write the whole address, such as https://example.com/mcp',
    );
  if (url !== null && /^https?:\/\/[^/?#]*@/.test(url))
    fail(
      'url',
      'holds a user name or a password, which would be kept in clear',
      'send it as a header, with {{secret}} in its place',
    );
  if (messageUrl !== null && transport !== 'http' && transport !== 'sse')
    fail(
      'message_url',
      `has no meaning with transport "${transport}"`,
      'remove it, or set transport = "sse"',
    );
  // Compared as they are written: the same holes in the same place become the same host.
  if (messageUrl !== null && originOf(messageUrl) !== originOf(url ?? ''))
    fail(
      'message_url',
      'is of another origin than url, and the credentials belong to that one',
      'write both with the same scheme, host and port',
    );
  if (url?.startsWith('http://') && manifest.token && !isLoopback(url))
    fail(
      'url',
      'would carry a secret over an unencrypted connection',
      'use https://, which is only not needed for this machine itself (127.0.0.1)',
    );
  if (stdio) checkStart(stdio, fail);
  checkMetadataFields(manifest, fail);
  checkHoles(manifest, fail);
  for (const [index, { field }] of manifest.autodetect.entries())
    if (!manifest.metadata.some(({ key }) => key === field))
      fail(
        `autodetect[${index}].field`,
        `there is no metadata field "${field}"`,
        `add a [[metadata]] with key = "${field}"`,
      );
  return manifest;
}

/** Ends the reading with where, what is wrong and what to do. */
export type Fail = (key: string, message: string, fix: string) => never;

function originOf(url: string): string {
  return (/^[^/]*\/\/[^/?#]*/.exec(url)?.[0] ?? '').toLowerCase();
}

function isLoopback(url: string): boolean {
  return /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])([:/]|$)/.test(url);
}

function checkStart(stdio: ManifestStdio, fail: Fail): void {
  const [wanted, unwanted] =
    stdio.runtime === 'builtin' ? (['server', 'command'] as const) : (['command', 'server'] as const);
  if (stdio[wanted] === null)
    fail(`stdio.${wanted}`, `is required with runtime "${stdio.runtime}"`, `add ${wanted} to [stdio]`);
  if (stdio[unwanted] !== null)
    fail(
      `stdio.${unwanted}`,
      `has no meaning with runtime "${stdio.runtime}"`,
      `remove ${unwanted} from [stdio]`,
    );
  if (stdio.command?.includes('{{'))
    fail('stdio.command', 'may not hold a hole', 'name the program itself; holes belong into args and env');
  if (stdio.cwd !== null && !isAbsolute(stdio.cwd) && !stdio.cwd.startsWith('{{metadata.'))
    fail('stdio.cwd', 'must be an absolute path', 'write it from the root folder on');
}

function checkMetadataFields(manifest: Manifest, fail: Fail): void {
  const seen = new Set<string>();
  for (const [index, field] of manifest.metadata.entries()) {
    if (seen.has(field.key))
      fail(`metadata[${index}].key`, `"${field.key}" is there twice`, 'give every field its own key');
    seen.add(field.key);
    if (field.mustExist && field.kind !== 'path')
      fail(`metadata[${index}].must_exist`, 'is for kind "path"', 'set kind = "path" or remove must_exist');
    if (field.default !== null && field.choices.length > 0 && !field.choices.includes(field.default))
      fail(`metadata[${index}].default`, 'is not among choices', 'use one of the choices as default');
  }
}

function checkHoles(manifest: Manifest, fail: Fail): void {
  const { stdio, url } = manifest;
  const keys = new Set(manifest.metadata.map((field) => field.key));
  const secrets = new Set(manifest.token?.secrets);
  const look = (place: string, value: string, maySecret: boolean): void => {
    for (const hole of holesOf(value)) {
      if (hole.kind === 'metadata' && !keys.has(hole.key))
        fail(
          place,
          `there is no metadata field "${hole.key}"`,
          `add a [[metadata]] with key = "${hole.key}"`,
        );
      if (hole.kind !== 'secret') continue;
      if (!maySecret)
        fail(
          place,
          'a secret may not be here, where other programs can read it',
          'pass the secret in [stdio.env] or [headers]',
        );
      if (!secrets.has(hole.name))
        fail(
          place,
          `there is no secret "${hole.name}"`,
          `set auth = "token" and name it in secrets of [signin.token]`,
        );
    }
  };
  if (url !== null) look('url', url, false);
  if (manifest.messageUrl !== null) look('message_url', manifest.messageUrl, false);
  const host = url === null ? '' : (/^https?:\/\/([^/?#]*)/.exec(url)?.[1] ?? '');
  for (const hole of holesOf(host)) {
    const field = manifest.metadata.find(({ key }) => hole.kind === 'metadata' && key === hole.key);
    if (!field || (field.choices.length === 0 && field.pattern === null))
      fail(
        'url',
        'the host may only hold a metadata field that has choices or a pattern',
        'credentials go to this host: limit what it can be',
      );
  }
  for (const [name, value] of Object.entries(manifest.headers)) look(`headers.${name}`, value, true);
  if (!stdio) return;
  for (const [index, arg] of stdio.args.entries()) look(`stdio.args[${index}]`, arg, false);
  for (const [name, value] of Object.entries(stdio.env)) look(`stdio.env.${name}`, value, true);
  if (stdio.cwd !== null) look('stdio.cwd', stdio.cwd, false);
}
