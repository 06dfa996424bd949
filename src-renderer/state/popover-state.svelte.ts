import type { AppSettings, GatewayStatus, Topic } from '../../src-shared/contract.ts';
import { toNucleusError } from '../../src-shared/errors.ts';
import type { ConnectorProblem, ConnectorSummary, Profile } from '../../src-shared/model.ts';
import type { PendingApproval } from '../../src-shared/policy.ts';
import type { PopoverApi } from '../api.ts';
import { text } from '../text.ts';
import { createAnnouncer } from './announcer.ts';
import { groupProfiles, type ProfileGroup } from './profile-groups.ts';
import { inertMs, nextMs } from './queue.ts';
import { Resource } from './resource.svelte.ts';
import { sentence } from './words.ts';

type Place = Parameters<PopoverApi['popover']['leaveFor']>[0];

/** All the tray's popover knows. It shows what it has; nothing here waits for a server. */
export class PopoverState {
  /** What the polite live region says. */
  said = $state('');
  now = $state(Date.now());
  /** The profile whose actions show. */
  opened = $state<string | null>(null);
  /** The question has been in sight long enough to be read. */
  isReady = $state(false);
  isDenying = $state(false);
  busy = $state<'lock' | 'unlock' | null>(null);
  /** What an act ran into, and the way to try it again, or what became of an answer. */
  notice = $state.raw<{ readonly said: string; readonly again: (() => Promise<void>) | null } | null>(null);
  readonly profiles: Resource<readonly Profile[]>;
  readonly connectors: Resource<{
    readonly connectors: readonly ConnectorSummary[];
    readonly problems: readonly ConnectorProblem[];
  }>;
  readonly status: Resource<GatewayStatus>;
  readonly approvals: Resource<readonly PendingApproval[]>;
  readonly settings: Resource<AppSettings>;
  /** How many calls there were today. */
  readonly calls: Resource<number>;
  readonly lockedAt: number | null = $derived.by(() => this.status.value?.lockedAt ?? null);
  /** The one that waits longest; null for a moment after an answer, so that no second click meets the next. */
  readonly question: PendingApproval | null = $derived.by(() => {
    const [first = null] = (this.approvals.value ?? []).toSorted((a, b) => a.askedAt - b.askedAt);
    return this.#isResting ? null : first;
  });
  readonly more: number = $derived.by(() =>
    Math.max(0, (this.approvals.value?.length ?? 0) - (this.question === null ? 0 : 1)),
  );
  readonly groups: readonly ProfileGroup[] = $derived.by(() =>
    groupProfiles(
      this.profiles.value ?? [],
      this.connectors.value?.connectors ?? [],
      this.status.value?.upstreams ?? [],
      '',
    ),
  );
  readonly api: PopoverApi;
  readonly announce: (subject: string, message: string) => void;
  readonly #isHidden: () => boolean;
  #isResting = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: PopoverApi, isHidden: () => boolean) {
    this.api = api;
    this.#isHidden = isHidden;
    this.profiles = new Resource(() => api.profiles.list({}));
    this.connectors = new Resource(() => api.connectors.list({}));
    this.status = new Resource(() => api.gateway.status({}));
    this.approvals = new Resource(async () => (await api.approvals.list({})).waiting);
    this.settings = new Resource(() => api.settings.get({}));
    this.calls = new Resource(async () => {
      const until = Date.now() + 1;
      const since = new Date(until).setHours(0, 0, 0, 0);
      return (await api.audit.timeline({ since: Math.min(since, until - 1), until, buckets: 1 })).total;
    });
    this.announce = createAnnouncer({
      say: (message) => {
        this.said = message;
      },
      after: (milliseconds, run) => void setTimeout(run, milliseconds),
    });
  }

  /** Asks for everything once and listens from then on; the returned function ends that. */
  start(): () => void {
    const topics = ['settings', 'approvals', 'profiles', 'status', 'activity'] as const;
    for (const topic of topics) void this.refresh(topic);
    return this.api.events.changed(({ topics: changed }) => {
      for (const topic of changed) void this.refresh(topic);
    });
  }

  async refresh(topic: Topic): Promise<void> {
    if (topic === 'settings') return this.settings.refresh();
    if (topic === 'status' || topic === 'sign-in') return this.status.refresh();
    if (topic === 'profiles') {
      await Promise.all([this.profiles.refresh(), this.connectors.refresh()]);
      return;
    }
    if (topic === 'approvals') return this.#refreshApprovals();
    // Nobody reads the number while the popover is shut; it is asked for when it opens.
    if (topic === 'activity' && !this.#isHidden()) await this.calls.refresh();
  }

  /** It came into sight. */
  opens(): void {
    this.now = Date.now();
    this.notice = null;
    void this.calls.refresh();
    this.painted();
  }

  /** The question has just been painted: from now on it can be read. */
  painted(): void {
    clearTimeout(this.#timer);
    this.isReady = false;
    this.#timer = setTimeout(() => {
      this.isReady = true;
    }, inertMs);
  }

  async deny(): Promise<void> {
    const { question } = this;
    if (!question || !this.isReady || this.isDenying || this.lockedAt !== null) return;
    this.isDenying = true;
    await this.#act(async () => {
      const { counted } = await this.api.approvals.deny({ id: question.id });
      await this.#refreshApprovals();
      const isOpen = this.approvals.value?.some(({ id }) => id === question.id) === true;
      if (!counted) this.notice = { said: isOpen ? words.tooFast : words.over(question.client), again: null };
      else this.announce('approvals', words.answers.denied);
      if (isOpen) this.painted();
    });
    this.isDenying = false;
  }

  async makeDefault(id: string): Promise<void> {
    if (this.lockedAt !== null) return;
    await this.#act(async () => {
      await this.api.profiles.use({ id });
      this.announce('profiles', text.profiles.nowDefault(id));
      await this.profiles.refresh();
    });
  }

  async copy(value: string): Promise<void> {
    this.opened = null;
    await this.#act(async () => {
      await this.api.app.copy({ text: value });
      this.announce('copy', text.app.copied);
    });
  }

  /** In a window of its own; it says itself how it ends. */
  async signIn(profile: string): Promise<void> {
    this.opened = null;
    await this.#act(async () => void (await this.api.signIn.begin({ profile, how: 'window' })));
  }

  async lock(): Promise<void> {
    await this.#setLock('lock');
  }

  async unlock(): Promise<void> {
    await this.#setLock('unlock');
  }

  /** Opens the window on what was chosen. */
  async leaveFor(place: Place): Promise<void> {
    this.opened = null;
    await this.#act(async () => void (await this.api.popover.leaveFor(place)));
  }

  close(): void {
    this.opened = null;
    void this.#act(async () => void (await this.api.popover.close({})));
  }

  async #refreshApprovals(): Promise<void> {
    const before = this.question?.id ?? null;
    const amount = this.approvals.value?.length ?? 0;
    await this.approvals.refresh();
    const list = this.approvals.value ?? [];
    if (list.length > amount) this.announce('approvals', text.app.waiting(list.length));
    if (before === null || list.some(({ id }) => id === before)) return;
    this.#isResting = true;
    setTimeout(() => {
      this.#isResting = false;
    }, nextMs);
  }

  async #setLock(way: 'lock' | 'unlock'): Promise<void> {
    if (this.busy !== null) return;
    this.busy = way;
    await this.#act(async () => {
      await (way === 'lock' ? this.api.lock.engage({}) : this.api.lock.release({}));
      await Promise.all([this.status.refresh(), this.#refreshApprovals()]);
      this.announce('lock', way === 'lock' ? text.lock.saidLocked : text.lock.saidUnlocked);
    });
    this.busy = null;
  }

  async #act(act: () => Promise<void>): Promise<void> {
    this.notice = null;
    try {
      await act();
    } catch (error) {
      this.notice = { said: sentence(toNucleusError(error).message), again: () => this.#act(act) };
    }
  }
}

const words = text.approvals;
