import type { Config } from '../../../src-shared/config.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { Clock, Log } from '../platform.ts';
import type { CatalogStore, DefinitionKind, Listing } from '../storage/catalog-store.ts';
import type { Supervisor } from '../upstream/supervisor.ts';
import { parseExactly } from '../wire/exact.ts';
import { isTooDeep, isObject, type Params } from '../wire/frame.ts';
import { paramHeaders } from '../wire/mcp-headers.ts';
import { modernRevision } from '../wire/modern.ts';
import type { Era } from '../wire/peer.ts';
import { readExactly } from '../wire/reply.ts';
import { createListPace } from './list-pace.ts';

export const kinds = ['tool', 'prompt', 'resource', 'template'] as const satisfies readonly DefinitionKind[];

const lists = {
  tool: { method: 'tools/list', key: 'tools', capability: 'tools' },
  prompt: { method: 'prompts/list', key: 'prompts', capability: 'prompts' },
  resource: { method: 'resources/list', key: 'resources', capability: 'resources' },
  template: { method: 'resources/templates/list', key: 'resourceTemplates', capability: 'resources' },
} as const;

/** The era of the upstream that offered this: its greeting is kept in the words of the legacy era. */
export function eraOf({ greeting }: Pick<Offer, 'greeting'>): Era {
  return greeting['protocolVersion'] === modernRevision ? 'modern' : 'legacy';
}

/** What one upstream offers, as it sent it. */
export type Offer = Readonly<Record<DefinitionKind, readonly Params[]>> & { readonly greeting: Params };

export interface Catalog {
  /** The offer of a profile, or null when it was never listed. */
  offer(profile: string): Offer | null;
  /** The input schema of a tool as it was listed; undefined when it never was. */
  inputSchema(profile: string, tool: string): unknown;
  /** The same of its results. */
  outputSchema(profile: string, tool: string): unknown;
  /** What its server says of what a tool does; empty where nothing is known. */
  annotations(profile: string, tool: string): Params;
  /** Whether its server was asked since the start; else what is known of it was kept. */
  isRead(profile: string): boolean;
  /** Reads the lists of a connected upstream; concurrent calls share one flight. */
  refresh(profile: string): Promise<Offer>;
  /** Lists that came after `list_changed`: however often that is said, they are read at a bearable pace. */
  refreshSoon(profile: string): void;
  forget(profile: string): void;
  /** The same upstream under another id: what it offers stays known. */
  rename(from: string, to: string): void;
  /** Called when the offer of a profile changed in the named kinds. */
  onChange(listener: (profile: string, changed: readonly DefinitionKind[]) => void): void;
  close(): void;
}

/** Everything the upstreams offer: kept in SQLite, so that lists are complete while no upstream runs. */
export function createCatalog(deps: {
  readonly store: CatalogStore;
  readonly supervisor: Pick<Supervisor, 'connect' | 'request'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: Config['upstream'];
}): Catalog {
  const { store, config, log } = deps;
  const offers = new Map<string, Offer | null>();
  const asked = new Set<string>();
  const flights = new Map<string, Promise<Offer>>();
  const due = new Map<string, () => void>();
  const pace = createListPace(deps);
  /** What was said of a list and still holds: one that is read again and again must not fill the log. */
  const said = new Map<string, string | null>();
  const tools = new WeakMap<Offer, ReadonlyMap<string, Params>>();
  const listeners: ((profile: string, changed: readonly DefinitionKind[]) => void)[] = [];

  function offer(profile: string): Offer | null {
    let known = offers.get(profile);
    if (known === undefined) {
      const listing = store.load(profile);
      known = listing && parseListing(listing);
      offers.set(profile, known);
    }
    return known;
  }

  function toolOf(profile: string, tool: string): Params | undefined {
    const offered = offer(profile);
    if (!offered) return undefined;
    let byName = tools.get(offered);
    if (!byName) {
      // The first of two with one name is the one that is called.
      byName = new Map(offered.tool.toReversed().map((known) => [known['name'] as string, known]));
      tools.set(offered, byName);
    }
    return byName.get(tool);
  }

  async function read(profile: string): Promise<Offer> {
    const { result: greeting, era, isHttp } = await deps.supervisor.connect(profile);
    if (isTooDeep(greeting))
      throw new NucleusError(
        'UPSTREAM_PROTOCOL',
        `${profile} says of itself what is nested too deeply to be kept; report it to its makers`,
        { profile },
      );
    const capabilities = isObject(greeting['capabilities']) ? greeting['capabilities'] : {};
    const [tool, prompt, resource, template] = await Promise.all(
      kinds.map((kind) =>
        capabilities[lists[kind].capability] === undefined ? [] : readList(profile, kind),
      ),
    );
    return {
      greeting,
      tool: era === 'modern' && isHttp ? withHeaders(profile, tool as Params[]) : (tool as Params[]),
      prompt: prompt as Params[],
      resource: resource as Params[],
      template: template as Params[],
    };
  }

  /**
   * The tools whose calls can be sent over HTTP: one that declares a header wrongly is left out (MCP 2026-07-28,
   * basic/transports/streamable-http, "Schema Extension").
   */
  function withHeaders(profile: string, tools: readonly Params[]): readonly Params[] {
    return tools.filter((tool) => {
      if (paramHeaders(tool['inputSchema']) !== null) return true;
      log.warn('a tool declares a header wrongly and is left out', { profile, name: tool['name'] });
      return false;
    });
  }

  async function readList(profile: string, kind: DefinitionKind): Promise<Params[]> {
    const { method, key } = lists[kind];
    const found: Params[] = [];
    let tooDeep = 0;
    const seen = new Set<string>();
    let cursor: unknown;
    for (let page = 1; ; page += 1) {
      const reply = await deps.supervisor.request(profile, method, cursor === undefined ? {} : { cursor }, {
        timeoutMs: config.list_timeout,
        background: true,
      });
      const { result, error } = readExactly(reply);
      if (error) {
        // Declared but not there, as many servers have it with templates.
        if (error['code'] === -32601) return found;
        const sentence = `${profile} answered ${method} with an error: ${String(error['message']).slice(0, 200)}`;
        if (kind === 'tool') throw new NucleusError('UPSTREAM_PROTOCOL', sentence, { profile });
        // A list beside the tools must not hide them.
        judge(profile, kind, 'a list could not be read; what was known of it stays', { reason: sentence });
        return [...(offer(profile)?.[kind] ?? [])];
      }
      const rows: unknown = result?.[key];
      for (const row of Array.isArray(rows) ? rows : []) {
        if (!isObject(row) || typeof row[keyOf(kind)] !== 'string') continue;
        // One that can just be written here might not be elsewhere, and takes the lists of all accounts along.
        if (isTooDeep(row)) tooDeep += 1;
        else found.push(row);
      }
      if (found.length > config.max_tools) {
        judge(profile, kind, 'upstream offers more than upstream.max_tools; the rest is left out');
        return found.slice(0, config.max_tools);
      }
      cursor = result?.['nextCursor'];
      if (cursor === undefined || cursor === null) {
        const twice = kind === 'tool' || kind === 'prompt' ? firstTwice(found) : null;
        if (tooDeep > 0)
          judge(profile, kind, 'what is nested too deeply to be shown is left out', { tooDeep });
        else if (twice === null) judge(profile, kind, null);
        else judge(profile, kind, 'upstream lists a name more than once; the first is used', { name: twice });
        return found;
      }
      const fingerprint = JSON.stringify(cursor);
      if (seen.has(fingerprint) || page >= config.max_pages) {
        judge(profile, kind, 'upstream list does not end; what came so far is used', { page });
        return found;
      }
      seen.add(fingerprint);
    }
  }

  /** Tells what is wrong with a list, once as long as it is. */
  function judge(profile: string, kind: DefinitionKind, problem: string | null, fields: Params = {}): void {
    const key = `${profile} ${kind}`;
    if (problem !== null && said.get(key) !== problem) log.warn(problem, { profile, kind, ...fields });
    said.set(key, problem);
  }

  function refresh(profile: string): Promise<Offer> {
    const running = flights.get(profile);
    if (running) return running;
    const flight = read(profile)
      .then((fresh) => {
        // Forgotten meanwhile: a profile added later under this name offers something else.
        if (flights.get(profile) === flight) {
          accept(profile, fresh);
          asked.add(profile);
        }
        return fresh;
      })
      .finally(() => {
        if (flights.get(profile) === flight) flights.delete(profile);
      });
    flights.set(profile, flight);
    return flight;
  }

  function refreshSoon(profile: string): void {
    const wait = pace.noticed(profile);
    if (due.has(profile)) return;
    const act = async (): Promise<void> => {
      due.delete(profile);
      const running = flights.get(profile);
      // A reading under way may have begun before the change.
      if (running) {
        await running.catch(() => {});
        return refreshSoon(profile);
      }
      await refresh(profile).finally(pace.begin(profile));
    };
    const forget = deps.clock.after(wait, () => {
      act().catch((error: unknown) =>
        log.warn('lists could not be read again', { profile, reason: (error as Error).message }),
      );
    });
    due.set(profile, forget);
  }

  function accept(profile: string, fresh: Offer): void {
    const before = offer(profile);
    const changed = kinds.filter(
      (kind) => JSON.stringify(before?.[kind] ?? []) !== JSON.stringify(fresh[kind]),
    );
    const greeted = !before || JSON.stringify(before.greeting) !== JSON.stringify(fresh.greeting);
    if (changed.length === 0 && !greeted) return;
    store.save(profile, toListing(fresh, deps.clock.now()));
    offers.set(profile, fresh);
    if (changed.length > 0) for (const listener of listeners) listener(profile, changed);
  }

  function forget(profile: string): void {
    offers.delete(profile);
    asked.delete(profile);
    flights.delete(profile);
    due.get(profile)?.();
    due.delete(profile);
    pace.forget(profile);
    for (const kind of kinds) said.delete(`${profile} ${kind}`);
    store.remove(profile);
    for (const listener of listeners) listener(profile, kinds);
  }

  return {
    offer,
    inputSchema: (profile, tool) => toolOf(profile, tool)?.['inputSchema'],
    outputSchema: (profile, tool) => toolOf(profile, tool)?.['outputSchema'],
    annotations(profile, tool) {
      const said = toolOf(profile, tool)?.['annotations'];
      return isObject(said) ? said : {};
    },
    isRead: (profile) => asked.has(profile),
    refresh,
    refreshSoon,
    forget,
    rename(from, to) {
      const known = store.load(from);
      if (known) store.save(to, known);
      offers.delete(to);
      forget(from);
    },
    onChange: (listener) => void listeners.push(listener),
    close() {
      for (const forget of due.values()) forget();
      due.clear();
    },
  };
}

function firstTwice(rows: readonly Params[]): string | null {
  const seen = new Set<unknown>();
  // One that is in the set already does not make it larger.
  const twice = rows.find(({ name }, index) => seen.add(name).size <= index);
  return twice ? String(twice['name']).slice(0, 100) : null;
}

function keyOf(kind: DefinitionKind): 'name' | 'uri' | 'uriTemplate' {
  if (kind === 'resource') return 'uri';
  return kind === 'template' ? 'uriTemplate' : 'name';
}

function parseListing(listing: Listing): Offer {
  const parse = (texts: readonly string[]): Params[] => texts.map((text) => parseExactly(text) as Params);
  const { tool, prompt, resource, template } = listing.definitions;
  return {
    greeting: parseExactly(listing.initialize) as Params,
    tool: parse(tool),
    prompt: parse(prompt),
    resource: parse(resource),
    template: parse(template),
  };
}

function toListing(offer: Offer, listedAt: number): Listing {
  const texts = (rows: readonly Params[]): string[] => rows.map((row) => JSON.stringify(row));
  return {
    initialize: JSON.stringify(offer.greeting),
    definitions: {
      tool: texts(offer.tool),
      prompt: texts(offer.prompt),
      resource: texts(offer.resource),
      template: texts(offer.template),
    },
    listedAt,
  };
}
