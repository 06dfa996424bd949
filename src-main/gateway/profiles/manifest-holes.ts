import type { Manifest } from './manifest.ts';
import type { Fail } from './manifest-check.ts';
import { holesOf } from './template.ts';

/** What may be filled in where: secrets only where no other program can read them, and only those there are. */
export function checkHoles(manifest: Manifest, fail: Fail): void {
  const { stdio, url, messageUrl, signIn, auth } = manifest;
  const keys = new Set(manifest.metadata.map((field) => field.key));
  const secrets = new Set(manifest.secrets);
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
  const lookAll = (place: string, values: Readonly<Record<string, string>>, maySecret: boolean): void => {
    for (const [name, value] of Object.entries(values)) look(`${place}.${name}`, value, maySecret);
  };
  const lookList = (place: string, values: readonly string[]): void => {
    for (const [index, value] of values.entries()) look(`${place}[${index}]`, value, false);
  };
  if (url !== null) look('url', url, false);
  if (messageUrl !== null) look('message_url', messageUrl, false);
  checkHost(manifest, fail);
  lookList('path', manifest.path);
  lookAll('query', manifest.query, false);
  lookAll('headers', manifest.headers, true);
  if (auth === 'oauth') lookAll('signin.oauth.params', signIn.oauth?.params ?? {}, false);
  if (auth === 'token' && signIn.token) {
    if (signIn.token.header) look('signin.token.header.value', signIn.token.header.value, true);
    lookAll('signin.token.headers', signIn.token.headers, true);
  }
  if (stdio) {
    lookList('stdio.args', stdio.args);
    lookAll('stdio.env', stdio.env, true);
    if (stdio.cwd !== null) look('stdio.cwd', stdio.cwd, false);
  }
  const set = manifest.readOnly?.set;
  if (set) {
    lookList('read_only.set.path', set.path);
    lookAll('read_only.set.query', set.query, false);
    lookAll('read_only.set.headers', set.headers, false);
    lookList('read_only.set.args', set.args);
    lookAll('read_only.set.env', set.env, false);
  }
  for (const [index, rule] of manifest.discover.entries())
    for (const [name, value] of Object.entries(rule.arguments))
      if (typeof value === 'string') look(`discover[${index}].arguments.${name}`, value, false);
}

/** Credentials go to this host, so what it can be is limited. */
function checkHost(manifest: Manifest, fail: Fail): void {
  const { url, metadata } = manifest;
  const host = url === null ? '' : (/^https?:\/\/([^/?#]*)/.exec(url)?.[1] ?? '');
  for (const hole of holesOf(host)) {
    const field = metadata.find(({ key }) => hole.kind === 'metadata' && key === hole.key);
    if (field && manifest.narrowing.includes(field.key))
      fail(
        'url',
        `the host may not hold "${field.key}", whose choices the server lists or which narrows it`,
        'a server must not say where credentials go: take a field that people fill in',
      );
    if (!field || (field.choices.length === 0 && field.pattern === null))
      fail(
        'url',
        'the host may only hold a metadata field that has choices or a pattern',
        'credentials go to this host: limit what it can be',
      );
  }
}
