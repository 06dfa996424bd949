import type { ConnectorSummary, ConnectorWay } from '../../../src-shared/model.ts';
import type { Manifest } from './manifest.ts';
import { describeMethods } from './sign-in-words.ts';

/** What people may know of a connector. */
export function summarize(manifest: Manifest): ConnectorSummary {
  const { name, title, description, kind, docs, note, checked } = manifest;
  return {
    name,
    title,
    description,
    kind,
    docs,
    note,
    ...wayOf(manifest),
    variants: Object.fromEntries(
      Object.entries(manifest.variants).map(([variant, own]) => [variant, wayOf(own)]),
    ),
    checked: checked && { ...checked, sources: [...checked.sources] },
  };
}

function wayOf(manifest: Manifest): ConnectorWay {
  const { transport, auth, url, readOnly } = manifest;
  return {
    transport,
    auth,
    url,
    metadata: [...manifest.metadata],
    secrets: [...manifest.secrets],
    methods: describeMethods(manifest),
    readOnly: readOnly && { default: readOnly.default, covers: readOnly.covers, note: readOnly.note },
    pickers: manifest.discover.map(({ field }) => field),
  };
}
