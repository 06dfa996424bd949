import type { Profile } from '../../../src-shared/model.ts';
import type {
  ResolvedConnector,
  WorkspaceConnector,
  WorkspaceProblem,
} from '../../../src-shared/workspace.ts';

/** What is known of a folder, before it is set against the profiles there are. */
export interface Hints {
  /** What the workspace file that applies says; null where none does. */
  readonly file: { readonly path: string; readonly connectors: readonly WorkspaceConnector[] } | null;
  /** What files in the folder say about the account that is meant. */
  readonly detected: readonly {
    readonly connector: string;
    readonly file: string;
    readonly field: string;
    readonly value: string;
    readonly reason: string | null;
  }[];
}

/** Which accounts a client that works in a folder sees, and why. */
export interface Resolved {
  readonly connectors: readonly ResolvedConnector[];
  readonly problems: readonly WorkspaceProblem[];
}

/**
 * For each connector the first of: what the workspace file binds, what a file in the folder tells, the only account,
 * the default, all. Only a workspace file hides accounts; the other rules say which one is meant when none is named.
 */
export function resolveWorkspace(hints: Hints, profiles: readonly Profile[]): Resolved {
  const problems: WorkspaceProblem[] = [];
  const byConnector = Map.groupBy(profiles, ({ connector }) => connector);
  const said = new Map(hints.file?.connectors.map((entry) => [entry.connector, entry]));
  const path = hints.file?.path ?? '';
  const report = (connector: string, message: string, fix: string): void =>
    void problems.push({ file: path, line: null, connector, message, fix });

  for (const connector of said.keys())
    if (!byConnector.has(connector))
      report(
        connector,
        `${path} names connector "${connector}", of which there is no profile`,
        `add one with nucleus add ${connector}, or remove its section`,
      );

  const connectors = [...byConnector.keys()].sort().map((connector): ResolvedConnector => {
    const own = byConnector.get(connector) ?? [];
    const entry = said.get(connector);
    if (entry?.kind === 'bound') {
      const known = entry.bindings.filter(({ profile }) => own.some(({ id }) => id === profile));
      for (const { profile } of entry.bindings)
        if (!own.some(({ id }) => id === profile))
          report(
            connector,
            `binding in ${path} names unknown profile "${profile}"`,
            `add it with nucleus add, or name one that nucleus list shows`,
          );
      return {
        connector,
        source: 'explicit',
        hint: `bound in ${path}`,
        bindings: known.map((binding, index) => ({ ...binding, isDefault: index === 0 })),
      };
    }
    const chosen = choose(connector, own, hints);
    const [first] = chosen.bindings;
    if (entry?.kind !== 'pinned' || !first) return chosen;
    if (chosen.source !== 'all')
      return { ...chosen, hint: `${chosen.hint}; pinned in ${path}`, bindings: [first] };
    report(
      connector,
      `${path} pins ${connector}, and nothing says which of its accounts is meant; all are shown`,
      `make one the default with nucleus use, or name it with profile = "NAME"`,
    );
    return chosen;
  });
  return { connectors, problems };
}

/** What holds where no file binds anything. */
function choose(connector: string, own: readonly Profile[], { detected }: Hints): ResolvedConnector {
  const byName = own.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const { field, value, file, reason, ...rule } of detected) {
    if (rule.connector !== connector) continue;
    const match = byName.find(({ metadata }) => Object.hasOwn(metadata, field) && metadata[field] === value);
    if (!match) continue;
    const hint = `${field} = ${value} in ${file}${reason === null ? '' : ` (${reason})`}`;
    return { connector, source: 'autodetect', hint, bindings: bindingsOf(own, match) };
  }
  const preferred = own.find(({ isDefault }) => isDefault);
  if (own.length === 1) {
    const bindings = bindingsOf(own, preferred);
    return { connector, source: 'only_one', hint: `the only profile of ${connector}`, bindings };
  }
  if (preferred) {
    const hint = `${preferred.id} was made the default with nucleus use`;
    return { connector, source: 'default', hint, bindings: bindingsOf(own, preferred) };
  }
  return { connector, source: 'all', hint: 'nothing says which one is meant', bindings: bindingsOf(own) };
}

/** All accounts under their own names, the one that is meant first. */
function bindingsOf(own: readonly Profile[], preferred?: Profile): ResolvedConnector['bindings'] {
  return own
    .map(({ id, name }) => ({ profile: id, alias: name, note: null, isDefault: id === preferred?.id }))
    .toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault));
}
