import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';
import type { HostName, HostStatus } from '../../src-shared/hosts.ts';
import { text } from '../text.ts';
import type { AppState } from './app-state.svelte.ts';
import { isWaiting } from './host-words.ts';

export type HostAct = 'connect' | 'undo';

/** The clients of this computer and our entry in their files, wherever that is offered. */
export class ClientsState {
  busy = $state.raw<{ readonly host: HostName; readonly act: HostAct } | null>(null);
  isConnectingAll = $state(false);
  problem = $state.raw<NucleusError | null>(null);
  /** What ran into the problem, once more. */
  again: (() => Promise<void>) | null = null;
  /** Clients whose difference is shown. */
  opened = $state.raw<ReadonlySet<HostName>>(new Set());
  /** Connected from this window: a client that runs looks into its file no sooner than it starts again. */
  fresh = $state.raw<ReadonlySet<HostName>>(new Set());
  isBundling = $state(false);
  /** Where the bundle lies that was made last. */
  bundle = $state.raw<string | null>(null);
  readonly found: readonly HostStatus[] = $derived.by(() =>
    this.#hosts.filter(({ state }) => state !== 'not-installed'),
  );
  readonly absent: readonly HostStatus[] = $derived.by(() =>
    this.#hosts.filter(({ state }) => state === 'not-installed'),
  );
  /** Those without our entry; several are connected at once. */
  readonly waiting: readonly HostStatus[] = $derived(this.found.filter(isWaiting));
  readonly chosen: readonly HostStatus[] = $derived(
    this.waiting.filter(({ host }) => !this.#leftOut.has(host)),
  );
  readonly #app: AppState;
  readonly #hosts: readonly HostStatus[] = $derived.by(() => this.#app.hosts.value ?? []);
  #leftOut = $state.raw<ReadonlySet<HostName>>(new Set());

  constructor(app: AppState) {
    this.#app = app;
  }

  isChosen(host: HostName): boolean {
    return !this.#leftOut.has(host);
  }

  choose(host: HostName, isChosen: boolean): void {
    this.#leftOut = isChosen ? without(this.#leftOut, host) : new Set([...this.#leftOut, host]);
  }

  toggle(host: HostName): void {
    this.opened = this.opened.has(host) ? without(this.opened, host) : new Set([...this.opened, host]);
  }

  /** Shows what would be written into each chosen file, or hides it again. */
  togglePreviews(): void {
    const chosen = this.chosen.map(({ host }) => host);
    const isShown = chosen.every((host) => this.opened.has(host));
    this.opened = isShown ? new Set() : new Set([...this.opened, ...chosen]);
  }

  async act(act: HostAct, host: HostName): Promise<void> {
    if (this.busy !== null) return;
    this.problem = null;
    this.again = () => this.act(act, host);
    await this.#change(act, host);
    await this.#app.refresh('hosts');
  }

  /** One file after the other; one that cannot be written does not keep the others from it. */
  async connectChosen(): Promise<void> {
    if (this.busy !== null) return;
    const hosts = this.chosen.map(({ host }) => host);
    this.problem = null;
    this.again = () => this.connectChosen();
    this.isConnectingAll = true;
    let connected = 0;
    for (const host of hosts) if (await this.#change('connect', host)) connected += 1;
    await this.#app.refresh('hosts');
    this.isConnectingAll = false;
    this.#app.announce('hosts', text.host.connected(connected));
  }

  async saveBundle(): Promise<void> {
    if (this.isBundling) return;
    this.problem = null;
    this.again = () => this.saveBundle();
    this.isBundling = true;
    try {
      this.bundle = (await this.#app.api.hosts.bundle({})).path;
    } catch (error) {
      this.problem = toNucleusError(error);
    }
    this.isBundling = false;
  }

  /** Whether it was done. */
  async #change(act: HostAct, host: HostName): Promise<boolean> {
    this.busy = { host, act };
    try {
      await this.#app.api.hosts[act]({ host });
      this.fresh = act === 'connect' ? new Set([...this.fresh, host]) : without(this.fresh, host);
      this.opened = without(this.opened, host);
      return true;
    } catch (error) {
      this.problem = toNucleusError(error);
      return false;
    } finally {
      this.busy = null;
    }
  }
}

function without<T>(set: ReadonlySet<T>, one: T): ReadonlySet<T> {
  return new Set([...set].filter((other) => other !== one));
}
