import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'smol-toml';
import { NucleusError, toNucleusError } from '../../../src-shared/errors.ts';
import type { ConnectorProblem, ConnectorSummary, Profile } from '../../../src-shared/model.ts';
import type { Log } from '../platform.ts';
import { ensurePrivateFolder, readTextIfExists, removeIfExists, writePrivateFile } from '../storage/files.ts';
import { summarize } from './connector-summary.ts';
import { type Manifest, manifestOf, type ManifestSource, parseManifest } from './manifest.ts';

/** A manifest larger than this is none. */
const maxManifestBytes = 256 * 1024;

/** What `add` knows of a connector that has no manifest yet. */
export interface CustomConnector {
  readonly name: string;
  readonly description: string;
  readonly transport: Manifest['transport'];
  readonly url?: string;
  readonly auth?: string;
  /** Templates by header name; only with a URL. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Names of the secrets a profile must bring. */
  readonly secrets?: readonly string[];
}

/** The kinds of service Nucleus knows: those it ships and those in the user's folder. */
export interface Connectors {
  /** Sorted by name; files that changed are read again. */
  list(): readonly Manifest[];
  get(name: string): Manifest | null;
  /** The manifest as a profile uses it: its variant, and its way to sign in; null when there is no such. */
  of(profile: Pick<Profile, 'connector' | 'variant' | 'auth'>): Manifest | null;
  /** A file of the user's folder that is ignored because its name is built in; null where there is none to read. */
  shadowed(name: string): Manifest | null;
  /** Manifests that are left out, each with what to do about it. */
  problems(): readonly ConnectorProblem[];
  summary(manifest: Manifest): ConnectorSummary;
  /** Writes `<name>.toml` into the user's folder; the returned function restores what was there. */
  saveCustom(connector: CustomConnector): () => void;
  /** Writes another URL into a manifest of the user's folder; the returned function restores what was there. */
  moveCustom(name: string, url: string): () => void;
  /** Whether there was one. */
  removeCustom(name: string): boolean;
}

interface Deps {
  readonly builtinFolder: string;
  /** null: this gateway keeps no connectors of its own. */
  readonly customFolder: string | null;
  readonly log: Log;
}

type Kind = Manifest['kind'];

/** What a file was when it was read; `stamp` tells whether it is still the same. */
interface Loaded {
  readonly stamp: string;
  readonly manifest: Manifest | null;
  readonly problem: ConnectorProblem | null;
}

/** Reads manifests on demand. One that cannot be used never keeps another from working. */
export function createConnectors({ builtinFolder, customFolder, log }: Deps): Connectors {
  const cache = new Map<string, Loaded>();

  const remember = (file: string, loaded: Loaded): Loaded => {
    cache.set(file, loaded);
    const { problem } = loaded;
    if (problem)
      log.warn('connector left out', {
        connector: problem.connector,
        file,
        reason: problem.message,
        fix: problem.fix,
      });
    return loaded;
  };

  const load = (folder: string, name: string, kind: Kind): Loaded => {
    const file = join(folder, `${name}.toml`);
    const stamp = stampOf(file);
    const known = cache.get(file);
    if (known?.stamp === stamp) return known;
    if (kind === 'custom' && isThere(builtinFolder, name))
      return remember(file, { stamp, manifest: null, problem: shadowing(file, name) });
    return remember(file, { stamp, ...read(file, name, kind) });
  };

  const all = (): readonly Loaded[] => {
    const files = new Set<string>();
    const loadFolder = (folder: string, kind: Kind): readonly Loaded[] =>
      namesIn(folder).map((name) => {
        files.add(join(folder, `${name}.toml`));
        return load(folder, name, kind);
      });
    const loaded = [
      ...loadFolder(builtinFolder, 'builtin'),
      ...(customFolder === null ? [] : loadFolder(customFolder, 'custom')),
    ];
    for (const file of cache.keys()) if (!files.has(file)) cache.delete(file);
    return loaded;
  };

  const customFile = (name: string): string => {
    if (customFolder === null)
      throw new NucleusError(
        'STATE_UNUSABLE',
        `connector "${name}" cannot be kept: there is no folder for connectors`,
      );
    return join(customFolder, `${name}.toml`);
  };

  const get = (name: string): Manifest | null => {
    // A file name made of anything else could lead out of the folder.
    if (!/^[a-z0-9_-]+$/.test(name)) return null;
    if (isThere(builtinFolder, name)) return load(builtinFolder, name, 'builtin').manifest;
    if (customFolder === null || !isThere(customFolder, name)) return null;
    return load(customFolder, name, 'custom').manifest;
  };

  return {
    list: () =>
      all()
        .flatMap(({ manifest }) => (manifest ? [manifest] : []))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    get,
    of(profile) {
      const manifest = get(profile.connector);
      return manifest && manifestOf(manifest, profile);
    },
    shadowed(name) {
      if (customFolder === null || !/^[a-z0-9_-]+$/.test(name) || !isThere(builtinFolder, name)) return null;
      return isThere(customFolder, name)
        ? read(join(customFolder, `${name}.toml`), name, 'custom').manifest
        : null;
    },
    problems: () => all().flatMap(({ problem }) => (problem ? [problem] : [])),
    summary: summarize,
    saveCustom(connector) {
      const file = customFile(connector.name);
      if (isThere(builtinFolder, connector.name))
        throw new NucleusError(
          'CONNECTOR_INVALID',
          `"${connector.name}" is a built-in connector; choose another name for your own`,
        );
      const text = textOf(connector);
      checkText(text, { file, name: connector.name, kind: 'custom' });
      const before = readTextIfExists(file);
      ensurePrivateFolder(join(file, '..'));
      writePrivateFile(file, text);
      return () => (before === null ? removeIfExists(file) : writePrivateFile(file, before));
    },
    moveCustom(name, url) {
      const source = { file: customFile(name), name, kind: 'custom' as const };
      const before = readTextIfExists(source.file) ?? '';
      const text = withUrl(before, url);
      if (text === null)
        throw new NucleusError(
          'CONNECTOR_INVALID',
          `connector ${name}: its url could not be found in ${source.file}; correct it there by hand`,
        );
      checkText(text, source);
      writePrivateFile(source.file, text);
      return () => writePrivateFile(source.file, before);
    },
    removeCustom(name) {
      if (customFolder === null || !/^[a-z0-9_-]+$/.test(name) || !isThere(customFolder, name)) return false;
      // Ignored for a built-in one of its name, it was none of the profile's and may be somebody's work.
      if (isThere(builtinFolder, name)) return false;
      removeIfExists(customFile(name));
      return true;
    },
  };
}

function read(file: string, name: string, kind: Kind): Pick<Loaded, 'manifest' | 'problem'> {
  const refuse = (message: string, fix: string): Pick<Loaded, 'manifest' | 'problem'> => ({
    manifest: null,
    problem: { file, connector: name, severity: 'error', message, fix },
  });
  try {
    const stat = statSync(file);
    if (!stat.isFile()) return refuse('is not a regular file', `move ${file} away`);
    if (stat.size > maxManifestBytes)
      return refuse(`is larger than ${maxManifestBytes / 1024} KiB`, `shorten ${file} or move it away`);
    const text = readTextIfExists(file);
    if (text === null) return refuse('was removed while it was read', `put ${file} back or leave it away`);
    return { manifest: parseManifest(text, { file, name, kind }), problem: null };
  } catch (error) {
    const { message, data } = toNucleusError(error);
    const { fix } = data;
    return refuse(message, typeof fix === 'string' ? fix : `check that ${file} can be read`);
  }
}

/** Refuses before writing what could not be read back; what to do about it belongs into the sentence, there is no file. */
function checkText(text: string, source: ManifestSource): void {
  try {
    parseManifest(text, source);
  } catch (error) {
    const { code, message, data } = toNucleusError(error);
    // The place in a file that is not there yet says nothing.
    const fix = String(data['fix']).replace(/ \([^()]*\)$/, '');
    throw new NucleusError(code, `connector ${source.name}: ${message}; ${fix}`, {}, { cause: error });
  }
}

/** Its url replaced, everything else as people wrote it; null where it is not written on a line of its own. */
function withUrl(text: string, url: string): string | null {
  const top = /^\s*\[/m.exec(text)?.index ?? text.length;
  const line = /^([ \t]*url[ \t]*=[ \t]*)(?:"(?!"")[^"\\\n]*"|'(?!'')[^'\n]*')/m;
  const head = text.slice(0, top);
  if (!line.test(head)) return null;
  return head.replace(line, (_, key: string) => `${key}${JSON.stringify(url)}`) + text.slice(top);
}

function shadowing(file: string, name: string): ConnectorProblem {
  return {
    file,
    connector: name,
    severity: 'warning',
    message: `"${name}" is a built-in connector; this file is ignored`,
    fix: `rename ${file} and its name key to use it, or remove it`,
  };
}

function textOf(connector: CustomConnector): string {
  const { name, description, transport, url, secrets = [] } = connector;
  const auth = connector.auth ?? (secrets.length > 0 ? 'token' : transport === 'stdio' ? 'none' : 'oauth');
  return `${stringify({
    schema: 1,
    name,
    description,
    transport,
    ...(url === undefined ? {} : { url }),
    auth,
    ...(connector.headers ? { headers: { ...connector.headers } } : {}),
    ...(secrets.length > 0 ? { signin: { token: { secrets: [...secrets] } } } : {}),
  })}\n`;
}

/** Names of the manifests in a folder; one that is not there holds none. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.toml') && !name.startsWith('.'))
      .map((name) => name.slice(0, -'.toml'.length))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function isThere(folder: string, name: string): boolean {
  return stampOf(join(folder, `${name}.toml`)) !== '';
}

/** Differs whenever the file was written, replaced or turned into something else; empty when there is none. */
function stampOf(file: string): string {
  try {
    const stat = statSync(file, { bigint: true });
    return [stat.dev, stat.ino, stat.mode, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A dangling link or a forbidden folder is there, and a problem to report.
    return code === 'ENOENT' || code === 'ENOTDIR' ? '' : String(code);
  }
}
