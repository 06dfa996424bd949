type Table = Readonly<Record<string, unknown>>;

/** Keys that say how a server behind a URL is reached; one that is started has none of them. */
const webKeys = ['url', 'path', 'query', 'headers', 'message_url'];

/**
 * A variant laid over the manifest it belongs to: tables merge key by key, lists and single values take the place of
 * what was there, metadata fields are added. A variant that names `auth` offers that and what its own [signin] has.
 */
export function layOver(manifest: Table, variant: Table): Record<string, unknown> {
  const base: Record<string, unknown> = { ...manifest };
  delete base['variants'];
  if (variant['transport'] === 'stdio') for (const key of webKeys) delete base[key];
  else if (variant['transport'] !== undefined) delete base['stdio'];
  // A switch of the one would change nothing at the other, and a person would believe it did.
  if (variant['transport'] !== undefined && isTable(base['read_only'])) {
    const { set: _set, ...rest } = base['read_only'];
    if (variant['read_only'] === undefined) delete base['read_only'];
    else base['read_only'] = rest;
  }
  if (variant['auth'] !== undefined) {
    const kept = isTable(base['signin']) ? base['signin'] : {};
    const method = variant['auth'] === 'pat' ? 'token' : variant['auth'];
    base['signin'] = Object.fromEntries(Object.entries(kept).filter(([key]) => key === method));
  }
  const { metadata, ...rest } = variant;
  const merged = merge(base, rest);
  merged['discover'] = rulesInUse(merged, listOf(merged['discover']));
  const kept = fieldsInUse(listOf(base['metadata']), { ...merged, metadata: undefined });
  if (Array.isArray(metadata)) merged['metadata'] = [...kept, ...listOf(metadata)];
  else merged['metadata'] = metadata ?? kept;
  const keys = listOf(merged['metadata']).map(keyOf);
  const detects = (rule: unknown): boolean => !isTable(rule) || keys.includes(rule['field'] as string);
  merged['autodetect'] = listOf(merged['autodetect']).filter(detects);
  return merged;
}

/** Rules that fill a field the variant makes use of, or one that such a rule is asked with. */
function rulesInUse(merged: Table, rules: readonly unknown[]): readonly unknown[] {
  const text = JSON.stringify({ ...merged, metadata: undefined, discover: undefined, autodetect: undefined });
  const kept = rules.filter((rule) => {
    const hole = isTable(rule) ? `{{metadata.${String(rule['field'])}}}` : '';
    return (
      text.includes(hole) || rules.some((other) => other !== rule && JSON.stringify(other).includes(hole))
    );
  });
  return kept.length === rules.length ? kept : rulesInUse(merged, kept);
}

/** Fields that nothing fills in or names any more are not asked for. */
function fieldsInUse(fields: readonly unknown[], rest: Table): readonly unknown[] {
  const text = JSON.stringify({ ...rest, autodetect: undefined });
  return fields.filter((field) => {
    const key = keyOf(field);
    // What is no field is for the schema to say.
    return key === null || text.includes(`{{metadata.${key}}}`) || text.includes(JSON.stringify(key));
  });
}

function keyOf(field: unknown): string | null {
  const key = isTable(field) ? field['key'] : null;
  return typeof key === 'string' ? key : null;
}

function merge(below: Table, above: Table): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const before = merged[key];
    merged[key] = isTable(before) && isTable(value) ? merge(before, value) : value;
  }
  return merged;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** A date of TOML is an object too, and no table. */
function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
