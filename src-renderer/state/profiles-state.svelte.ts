import type { ExposedTool, ProfileInfo } from '../../src-shared/contract.ts';
import { toNucleusError, type NucleusError } from '../../src-shared/errors.ts';
import type { ConnectorSummary, Profile } from '../../src-shared/model.ts';
import { text } from '../text.ts';
import type { EnvClass } from '../../src-shared/policy.ts';
import { AddState } from './add-state.svelte.ts';
import type { AppState } from './app-state.svelte.ts';
import { envWord } from './env-words.ts';
import { outcomeOf, type Outcome } from './outcome.ts';
import { groupProfiles, type ProfileGroup } from './profile-groups.ts';
import { Resource } from './resource.svelte.ts';
import { keepSelected } from './roving.ts';
import { isOver, isSignedIn, SigningIn } from './sign-in-state.svelte.ts';
import { createUndoOffer, undoMs } from './undo-offer.ts';

/** The Profiles view: what is found, chosen, being added, renamed or taken away. */
export class ProfilesState {
  find = $state('');
  selected = $state<string | null>(null);
  /** The page for a new profile, null while the list shows. */
  adding = $state.raw<AddState | null>(null);
  /** The page for a new profile was closed, or a profile was chosen elsewhere: its row takes the focus. */
  wantsFocus = $state(false);
  isRenaming = $state(false);
  busy = $state<'default' | 'rename' | 'check' | null>(null);
  /** What an act ran into; shown until it is closed or another begins. */
  problem = $state.raw<NucleusError | null>(null);
  /** The act that ran into it, once more. */
  again: (() => Promise<unknown>) | null = null;
  renameProblem = $state<string | null>(null);
  /** What the last check of a profile found. */
  outcome = $state.raw<Outcome | null>(null);
  /** Signing in for a profile of the list; it stays when it failed, to say why. */
  signingIn = $state.raw<SigningIn | null>(null);
  /** Profiles that may share their account: somebody said so here. */
  shared = $state.raw<ReadonlySet<string>>(new Set());
  /** The removal that can be taken back. */
  removed = $state.raw<{ readonly id: string; readonly env: EnvClass | null } | null>(null);
  /** The change of a class that can be taken back. */
  reclassed = $state.raw<{ readonly id: string; readonly from: EnvClass | null } | null>(null);
  readonly info: Resource<ProfileInfo | null>;
  readonly tools: Resource<readonly ExposedTool[]>;
  readonly groups: readonly ProfileGroup[] = $derived.by(() => this.#group());
  readonly shown: readonly string[] = $derived(
    this.groups.flatMap(({ entries }) => entries.map(({ profile }) => profile.id)),
  );
  readonly profile: Profile | null = $derived.by(
    () => this.#app.profiles.value?.find(({ id }) => id === this.selected) ?? null,
  );
  /** Of the change of a class; a removal is done when its time is over. */
  readonly offer = createUndoOffer(() => {
    this.reclassed = null;
  });
  readonly #app: AppState;
  #known: readonly string[] = [];
  /** One that was not begun here. */
  #followed: string | null = null;
  /** Who may sign in, of the sign-in under way. */
  #as: 'same' | 'new' | 'other' = 'same';
  /** Profiles whose window remembers somebody who was turned away. */
  readonly #turnedAway = new Set<string>();
  /** Nobody waits for what the check under way finds any more. */
  stopChecking: () => void = () => {};
  #undoTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(app: AppState) {
    this.#app = app;
    this.info = new Resource(async () => {
      if (this.selected === null) return null;
      const [info = null] = await app.api.profiles.info({ id: this.selected, probe: false });
      return info;
    });
    this.tools = new Resource(async () => (await app.api.tools.list({})).tools);
  }

  select(id: string | null): void {
    if (id === this.selected) return;
    this.selected = id;
    this.stopRenaming();
    this.info.clear();
    if (id !== null) void this.info.refresh();
  }

  profilesChanged(): void {
    const now = this.shown;
    const before = this.selected;
    this.select(keepSelected(this.selected, this.#known, now));
    this.#known = now;
    if (this.selected !== null && this.selected === before) void this.info.refresh();
  }

  openGallery(): void {
    this.#app.show('profiles');
    this.adding = new AddState(this.#app, (id, outcome) => this.#added(id, outcome));
  }

  openForm(connector: ConnectorSummary): void {
    this.openGallery();
    this.adding?.choose(connector);
  }

  /** The form of one connector, or the gallery when its manifest is gone. */
  addTo(name: string): void {
    const connector = this.#app.connectors.value?.connectors.find((one) => one.name === name);
    if (connector) this.openForm(connector);
    else this.openGallery();
  }

  closeAdding(): void {
    if (this.adding !== null) this.wantsFocus = true;
    this.adding = null;
  }

  /** Shows a profile that was chosen elsewhere. */
  reveal(id: string): void {
    this.#app.show('profiles');
    this.adding = null;
    this.find = '';
    this.select(id);
    this.wantsFocus = true;
  }

  async makeDefault(): Promise<void> {
    const { profile } = this;
    if (!profile) return;
    await this.#act('default', async () => {
      await this.#app.api.profiles.use({ id: profile.id });
      this.#app.announce('profiles', text.profiles.nowDefault(profile.id));
      await this.#app.refresh('profiles');
    });
  }

  /** Connects once more, so that the state and the last problem are of now. */
  async check(): Promise<void> {
    const { profile } = this;
    if (!profile) return;
    const stopped = Promise.withResolvers<null>();
    this.stopChecking = () => stopped.resolve(null);
    await this.#act('check', async () => {
      const asked = this.#app.api.profiles.info({ id: profile.id, probe: true });
      const found = await Promise.race([asked, stopped.promise]);
      if (found === null) return;
      const [info] = found;
      if (info?.probe) this.#found(outcomeOf(profile.id, info.probe, false));
      await this.#app.refresh('status');
    });
  }

  /** Signs in, or in again; `as`: who may, besides the account there was. */
  async signIn(how: 'window' | 'browser', as: 'same' | 'new' | 'other' = 'same'): Promise<void> {
    const { profile } = this;
    if (!profile) return;
    const { id } = profile;
    this.#as = as;
    const flow = this.signingIn?.profile === id ? this.signingIn : new SigningIn(this.#app, id);
    this.signingIn = flow;
    this.outcome = null;
    // Whoever the window remembers is kept only where that one was just agreed to.
    const fresh = as === 'other' || (as === 'same' && this.#turnedAway.has(id));
    this.#turnedAway.delete(id);
    const end = await flow.begin(how, { otherAccount: as !== 'same', fresh });
    if (end === null) return;
    if (flow.other !== null) this.#turnedAway.add(id);
    if (this.signingIn === flow && (flow.wasCancelled || isSignedIn(end))) this.signingIn = null;
    if (isSignedIn(end)) {
      this.#found({ profile: id, isFine: true, sentence: text.signIn.done(end.account) });
      await this.#app.refresh('profiles');
    }
  }

  /** The same sign-in in the person's own browser. */
  async useBrowser(): Promise<void> {
    await this.signIn('browser', this.#as);
  }

  /** What it says is read, or it is not wanted any more. */
  leaveSignIn(): void {
    if (this.signingIn?.isOpen) void this.signingIn.cancel();
    this.signingIn = null;
  }

  signInsChanged(): void {
    if (this.selected !== null) void this.info.refresh();
    for (const state of this.#app.signIns.value ?? []) {
      const { id, profile } = state;
      if (this.#followed === id) {
        if (this.signingIn?.begun?.id === id) this.signingIn.follow(state);
        if (state.problem?.code === 'OTHER_ACCOUNT') this.#turnedAway.add(profile);
        if (isOver(state)) this.#followed = null;
        if (state.phase === 'done' && this.signingIn?.begun?.id === id) this.signingIn = null;
      } else if (!isOver(state) && !this.signingIn?.isOpen && !this.#isAdding(profile)) {
        this.#followed = id;
        this.signingIn = new SigningIn(this.#app, profile);
        this.signingIn.follow(state);
      }
    }
  }

  share(id: string): void {
    this.shared = new Set([...this.shared, id]);
  }

  /** Chooses what a profile is limited to, from what its server lists. */
  pick(profile: Profile, fields: readonly string[]): void {
    this.openGallery();
    this.adding?.pickFor(profile, fields);
  }

  /** Another class for the chosen profile; for ten seconds it can have the one of before. */
  async changeEnv(env: EnvClass | null): Promise<void> {
    const { profile } = this;
    const from = profile?.env ?? null;
    if (!profile || from === env) return;
    if (!(await this.#reclass(profile.id, env))) return;
    this.reclassed = { id: profile.id, from };
    this.offer.begin();
  }

  async undoChangeEnv(): Promise<void> {
    const { reclassed } = this;
    if (!reclassed) return;
    this.offer.end();
    await this.#reclass(reclassed.id, reclassed.from);
  }

  startRenaming(): void {
    this.isRenaming = true;
    this.renameProblem = null;
    void this.tools.refresh();
  }

  stopRenaming(): void {
    this.isRenaming = false;
    this.renameProblem = null;
  }

  async rename(name: string): Promise<void> {
    const { profile } = this;
    if (!profile) return;
    this.busy = 'rename';
    try {
      const renamed = await this.#app.api.profiles.rename({ id: profile.id, name });
      this.isRenaming = false;
      await this.#app.profiles.refresh();
      this.select(renamed.id);
      this.#known = this.shown;
      this.#app.announce('profiles', text.profiles.renamed(renamed.id));
    } catch (error) {
      const { code, message } = toNucleusError(error);
      this.renameProblem =
        code === 'PROFILE_EXISTS'
          ? `${profile.connector}:${name} is there already. Pick another name.`
          : message;
    } finally {
      this.busy = null;
    }
  }

  /** Takes it away at once; for ten seconds it can come back. */
  async remove(): Promise<void> {
    const { profile } = this;
    if (!profile) return;
    await this.#act(null, async () => {
      await this.#app.api.profiles.removeLater({ id: profile.id, undoMs });
      clearTimeout(this.#undoTimer);
      this.removed = { id: profile.id, env: profile.env ?? null };
      this.#undoTimer = setTimeout(() => {
        this.removed = null;
      }, undoMs);
      await this.#app.refresh('profiles');
    });
  }

  async undoRemove(): Promise<void> {
    const { removed } = this;
    if (!removed) return;
    clearTimeout(this.#undoTimer);
    this.removed = null;
    await this.#act(null, async () => {
      const { kept } = await this.#app.api.profiles.keep({ id: removed.id });
      await this.#app.refresh('profiles');
      if (kept) this.select(removed.id);
      this.#app.announce(
        'profiles',
        kept ? text.profiles.kept(removed.id) : text.profiles.tooLate(removed.id),
      );
    });
  }

  /** Whether it was taken. */
  async #reclass(id: string, env: EnvClass | null): Promise<boolean> {
    await this.#act(null, async () => {
      await this.#app.api.profiles.changeEnv({ id, env });
      this.#app.announce('profiles', text.env.nowSaid(id, envWord(env)));
    });
    // What could not be set must not look set.
    await this.#app.profiles.refresh();
    return this.problem === null;
  }

  #isAdding(profile: string): boolean {
    return [this.adding, this.#app.firstRun.adding].some((one) => one?.signingIn?.profile === profile);
  }

  async #added(id: string, outcome: Outcome | null): Promise<void> {
    this.closeAdding();
    this.find = '';
    await this.#app.profiles.refresh();
    this.#known = this.shown;
    this.select(id);
    this.#found(outcome);
    await Promise.all([this.#app.refresh('status'), this.#app.connectors.refresh()]);
  }

  #found(outcome: Outcome | null): void {
    this.outcome = outcome;
    if (outcome) this.#app.announce('profiles', `${outcome.profile}. ${outcome.sentence}`);
  }

  #group(): readonly ProfileGroup[] {
    const { profiles, connectors, status } = this.#app;
    return groupProfiles(
      profiles.value ?? [],
      connectors.value?.connectors ?? [],
      status.value?.upstreams ?? [],
      this.find,
    );
  }

  async #act(busy: 'default' | 'check' | null, act: () => Promise<void>): Promise<void> {
    this.busy = busy;
    this.problem = null;
    this.again = () => this.#act(busy, act);
    try {
      await act();
    } catch (error) {
      this.problem = toNucleusError(error);
    } finally {
      this.busy = null;
    }
  }
}
