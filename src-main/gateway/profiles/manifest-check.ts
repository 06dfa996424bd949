import { isAbsolute } from 'node:path';
import type { Manifest, ManifestStdio } from './manifest.ts';
import { isWebAddress } from './manifest-fields.ts';
import { checkHoles } from './manifest-holes.ts';

/** What no single field can tell. */
export function checkManifest(manifest: Manifest, fileName: string, fail: Fail): void {
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
  for (const key of ['headers', 'query', 'path'] as const)
    if (transport === 'stdio' && Object.keys(manifest[key]).length > 0)
      fail(key, 'has no meaning with transport "stdio"', `remove ${key}, or set transport = "http"`);
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
  if (url?.startsWith('http://') && manifest.secrets.length > 0 && !isLoopback(url))
    fail(
      'url',
      'would carry a secret over an unencrypted connection',
      'use https://, which is only not needed for this machine itself (127.0.0.1)',
    );
  if (stdio) checkStart(stdio, fail);
  checkMetadataFields(manifest, fail);
  checkHoles(manifest, fail);
  checkRules(manifest, fail);
  checkReadOnly(manifest, fail);
}

/** Ends the reading with where, what is wrong and what to do. */
export type Fail = (key: string, message: string, fix: string) => never;

function originOf(url: string): string {
  return (/^[^/]*\/\/[^/?#]*/.exec(url)?.[0] ?? '').toLowerCase();
}

function isLoopback(url: string): boolean {
  return /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])([:/]|$)/.test(url);
}

/** Which keys of [stdio] go with which runtime. */
const startKeys = {
  builtin: ['server'],
  binary: ['command'],
  npx: ['package', 'version'],
  uvx: ['package', 'version'],
  docker: ['package', 'version'],
} as const;

function checkStart(stdio: ManifestStdio, fail: Fail): void {
  const wanted: readonly string[] = startKeys[stdio.runtime];
  for (const key of ['server', 'command', 'package', 'version'] as const) {
    if (wanted.includes(key) && stdio[key] === null)
      fail(`stdio.${key}`, `is required with runtime "${stdio.runtime}"`, `add ${key} to [stdio]`);
    if (!wanted.includes(key) && stdio[key] !== null)
      fail(`stdio.${key}`, `has no meaning with runtime "${stdio.runtime}"`, `remove ${key} from [stdio]`);
  }
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

/** Rules fill and read fields, and those have to be there. */
function checkRules(manifest: Manifest, fail: Fail): void {
  const { signIn, auth } = manifest;
  const need = (place: string, field: string): void => {
    if (!manifest.metadata.some(({ key }) => key === field))
      fail(place, `there is no metadata field "${field}"`, `add a [[metadata]] with key = "${field}"`);
  };
  for (const [index, { field }] of manifest.autodetect.entries()) need(`autodetect[${index}].field`, field);
  for (const [index, { field }] of manifest.discover.entries()) need(`discover[${index}].field`, field);
  if (auth === 'basic' && signIn.basic) need('signin.basic.user', signIn.basic.user);
  if (auth === 'machine' && signIn.machine) need('signin.machine.client', signIn.machine.client);
  for (const method of ['basic', 'machine'] as const)
    if (auth === method && !signIn[method])
      fail('auth', `"${method}" needs [signin.${method}]`, `add [signin.${method}], or set another auth`);
  for (const [index, rule] of manifest.identity.entries()) {
    if ((rule.via === 'tool') !== (rule.tool !== null))
      fail(`identity[${index}].tool`, 'goes with via = "tool" and with nothing else', 'correct via or tool');
    if (rule.via === 'metadata')
      for (const key of ['subject', 'tenant', 'label'] as const)
        if (rule[key] !== null) need(`identity[${index}].${key}`, rule[key]);
  }
}

/** A switch that changes nothing is worse than none. */
function checkReadOnly(manifest: Manifest, fail: Fail): void {
  const { readOnly, stdio, path, query, headers } = manifest;
  if (!readOnly) return;
  const set = Object.values(readOnly.set).some((entries) => Object.keys(entries).length > 0);
  const templates = [stdio?.args ?? [], stdio?.env ?? {}, path, query, headers].flatMap((some) =>
    Object.values(some),
  );
  if (!set && !templates.some((template) => template.includes('{{read_only}}')))
    fail(
      'read_only',
      'changes nothing',
      'say in set what is sent or started then, or use {{read_only}} in args, env, query or headers',
    );
}
