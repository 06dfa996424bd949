import type { AppSettings, GatewayStatus, Surface, Topic } from '../../src-shared/contract.ts';
import type { HostStatus } from '../../src-shared/hosts.ts';
import type { ConnectorProblem, ConnectorSummary, Profile } from '../../src-shared/model.ts';
import type {
  AnsweredApproval,
  EnvClass,
  GrantInfo,
  PendingApproval,
  PolicyInfo,
} from '../../src-shared/policy.ts';
import type { SignInState } from '../../src-shared/sign-in.ts';
import type { WindowApi } from '../api.ts';
import { text } from '../text.ts';
import { ActivityState } from './activity-state.svelte.ts';
import { createAnnouncer } from './announcer.ts';
import { ApprovalsState } from './approvals-state.svelte.ts';
import { ClientsState } from './clients-state.svelte.ts';
import { DesktopState } from './desktop-state.svelte.ts';
import { DoctorState } from './doctor-state.svelte.ts';
import { FirstRunState } from './first-run.svelte.ts';
import { ImportState } from './import-state.svelte.ts';
import { LockState } from './lock-state.svelte.ts';
import { PinState } from './pin-state.svelte.ts';
import { PolicyState } from './policy-state.svelte.ts';
import { ProfilesState } from './profiles-state.svelte.ts';
import { Resource } from './resource.svelte.ts';
import { SettingsState } from './settings-state.svelte.ts';
import { SurfaceState } from './surface-state.svelte.ts';
import { TokensState } from './tokens-state.svelte.ts';
import { ToolsState } from './tools-state.svelte.ts';
import { WorkspacesState } from './workspaces-state.svelte.ts';

export type View = AppSettings['view'];

/** All the window knows. It asks when it opens and again for what a push names, never by the clock. */
export class AppState {
  view = $state<View>('profiles');
  /** What the polite live region says. */
  said = $state('');
  readonly profiles: Resource<readonly Profile[]>;
  readonly connectors: Resource<{
    readonly connectors: readonly ConnectorSummary[];
    readonly problems: readonly ConnectorProblem[];
  }>;
  readonly status: Resource<GatewayStatus>;
  readonly approvals: Resource<{
    readonly waiting: readonly PendingApproval[];
    readonly answered: readonly AnsweredApproval[];
  }>;
  readonly grants: Resource<readonly GrantInfo[]>;
  readonly policy: Resource<PolicyInfo>;
  readonly hosts: Resource<readonly HostStatus[]>;
  readonly settings: Resource<AppSettings>;
  readonly surface: Resource<Surface>;
  /** The last sign-in of each profile. */
  readonly signIns: Resource<readonly SignInState[]>;
  readonly api: WindowApi;
  /** The app's own window, where a click is a person's, or a page of `nucleus ui`, which takes the approval PIN. */
  readonly shell: 'window' | 'page';
  readonly announce: (subject: string, message: string) => void;
  readonly profilesView: ProfilesState;
  readonly approvalsView: ApprovalsState;
  readonly activityView: ActivityState;
  readonly policyView: PolicyState;
  readonly lock: LockState;
  readonly pin: PinState;
  readonly desktop: DesktopState;
  readonly clientsView: ClientsState;
  readonly tokens: TokensState;
  readonly doctorView: DoctorState;
  readonly imports: ImportState;
  readonly settingsView: SettingsState;
  readonly surfaceView: SurfaceState;
  readonly toolsView: ToolsState;
  readonly workspacesView: WorkspacesState;
  readonly firstRun: FirstRunState;
  readonly #envs: ReadonlyMap<string, EnvClass | null> = $derived.by(
    () => new Map(this.profiles.value?.map(({ id, env }) => [id, env ?? null])),
  );
  #hasChosen = false;

  constructor(api: WindowApi, shell: 'window' | 'page' = 'window') {
    this.api = api;
    this.shell = shell;
    this.profiles = new Resource(() => api.profiles.list({}));
    this.connectors = new Resource(() => api.connectors.list({}));
    this.status = new Resource(() => api.gateway.status({}));
    this.approvals = new Resource(() => api.approvals.list({}));
    this.grants = new Resource(() => api.approvals.grants({}));
    this.policy = new Resource(() => api.policy.get({}));
    this.hosts = new Resource(() => api.hosts.list({}));
    this.settings = new Resource(() => api.settings.get({}));
    this.surface = new Resource(() => api.surface.get({}));
    this.signIns = new Resource(() => api.signIn.list({}));
    this.announce = createAnnouncer({
      say: (message) => {
        this.said = message;
      },
      after: (milliseconds, run) => void setTimeout(run, milliseconds),
    });
    this.profilesView = new ProfilesState(this);
    this.approvalsView = new ApprovalsState(this);
    this.activityView = new ActivityState(this);
    this.policyView = new PolicyState(this);
    this.lock = new LockState(this);
    this.pin = new PinState(this);
    this.desktop = new DesktopState(this);
    this.clientsView = new ClientsState(this);
    this.tokens = new TokensState(this);
    this.doctorView = new DoctorState(this);
    this.imports = new ImportState(this);
    this.settingsView = new SettingsState(this);
    this.surfaceView = new SurfaceState(this);
    this.toolsView = new ToolsState(this);
    this.workspacesView = new WorkspacesState(this);
    this.firstRun = new FirstRunState(this);
  }

  /** Asks for everything once and listens from then on; the returned function ends that. */
  start(): () => void {
    const stop = this.api.events.changed(({ topics }) => {
      for (const topic of topics) void this.refresh(topic);
    });
    void this.#open();
    return stop;
  }

  /** The class of a profile, wherever its id is all that is known. */
  envOf(id: string): EnvClass | null {
    return this.#envs.get(id) ?? null;
  }

  async refresh(topic: Topic): Promise<void> {
    switch (topic) {
      case 'profiles':
        await Promise.all([this.profiles.refresh(), this.connectors.refresh()]);
        this.profilesView.profilesChanged();
        return this.#examine('profiles');
      case 'approvals': {
        const before = this.approvals.value?.waiting.length ?? 0;
        await Promise.all([this.approvals.refresh(), this.grants.refresh()]);
        this.approvalsView.listChanged();
        const now = this.approvals.value?.waiting.length ?? 0;
        if (now > before) this.announce('approvals', text.app.waiting(now));
        if (now > 0) this.firstRun.leaveFor('approvals');
        return;
      }
      case 'policy':
        await this.policy.refresh();
        this.policyView.policyChanged();
        return this.#examine();
      case 'status':
        return this.status.refresh();
      case 'tools':
        await Promise.all([this.surface.refresh(), this.view === 'tools' && this.toolsView.refresh()]);
        return;
      case 'hosts':
        await Promise.all([this.hosts.refresh(), this.imports.filesChanged()]);
        return this.#examine();
      case 'settings':
        await this.settings.refresh();
        return this.#follow();
      case 'workspaces':
        if (this.view === 'settings') await this.workspacesView.list.refresh();
        return;
      case 'activity':
        return this.activityView.logChanged();
      case 'sign-in':
        await Promise.all([this.signIns.refresh(), this.status.refresh()]);
        this.profilesView.signInsChanged();
        return this.#examine();
    }
  }

  show(view: View): void {
    this.firstRun.isOver = true;
    this.#hasChosen = true;
    if (this.view === view) return;
    this.view = view;
    // Only where to start next time: if that cannot be kept, nothing is lost.
    this.api.settings.set({ view }).catch(() => {});
  }

  /** The doctor looks again at what is true now, while somebody looks at it. */
  async #examine(topic: 'profiles' | 'other' = 'other'): Promise<void> {
    if (this.view === 'doctor') await this.doctorView.factsChanged(topic);
  }

  /** The tray and the notifications open the window on what they are about. */
  #follow(): void {
    const settings = this.settings.value;
    if (!settings) return;
    this.view = settings.view;
    this.#doAsWished(settings);
  }

  #doAsWished({ wantsAdd, wantsProfile = null }: AppSettings): void {
    if (wantsAdd) this.profilesView.openGallery();
    else if (wantsProfile !== null) this.profilesView.reveal(wantsProfile);
    else return;
    // Done once: if that cannot be said, it is done once more, which harms nobody.
    this.api.settings.set({ wantsAdd: false, wantsProfile: null }).catch(() => {});
  }

  async #open(): Promise<void> {
    const topics: readonly Topic[] = [
      'profiles',
      'approvals',
      'status',
      'hosts',
      'tools',
      'policy',
      'sign-in',
    ];
    const settings = this.settings.refresh().then(() => {
      const known = this.settings.value;
      // Who was quicker than the answer is where they want to be.
      if (known && this.#hasChosen) this.#doAsWished(known);
      else this.#follow();
    });
    await Promise.all([settings, ...topics.map((topic) => this.refresh(topic))]);
    // The welcome is for who begins, not for who took the last profile away.
    if (this.firstRun.hasProfile && !this.firstRun.hasBegun) this.firstRun.isOver = true;
  }
}
