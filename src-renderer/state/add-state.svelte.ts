import { toNucleusError } from '../../src-shared/errors.ts';
import type { ConnectorSummary, Profile } from '../../src-shared/model.ts';
import type { Probe } from '../../src-shared/contract.ts';
import { guessEnv } from '../../src-shared/env-class.ts';
import type { EnvClass } from '../../src-shared/policy.ts';
import {
  addRequest,
  checkDraft,
  isWebAddress,
  needsCommand,
  suggestConnector,
  suggestName,
  type AddDraft,
  type FieldProblems,
  type NamedValue,
} from './add-request.ts';
import type { AppState } from './app-state.svelte.ts';
import { chosenWay, needsClient, type ChosenWay } from './connector-way.ts';
import { detectFields, type Detected } from './detected.ts';
import { envOf, type EnvName } from './env-words.ts';
import { fieldProblems } from './field-problems.ts';
import { outcomeOf, type Outcome } from './outcome.ts';
import { PickState } from './pick-state.svelte.ts';
import { isSignedIn, SigningIn, whyNot } from './sign-in-state.svelte.ts';
import { sentence } from './words.ts';

type Row = { name: string; value: string };
export type Own = 'command' | 'address';

/**
 * The page that adds a profile: the gallery, the form of what was chosen, signing in, and what the profile is limited
 * to. Each step can be gone back from, and all that was typed is kept until it is done.
 */
export class AddState {
  search = $state('');
  /** null: the gallery; else a connector, or a command or an address of one's own. */
  chosen = $state.raw<ConnectorSummary | Own | null>(null);
  connectorName = $state('');
  name = $state('');
  /** As a person chose it; null while the name's guess has to do. */
  envTyped = $state<EnvName | null>(null);
  variant = $state<string | null>(null);
  auth = $state<string | null>(null);
  metadata = $state<Record<string, string>>({});
  detected = $state.raw<Detected>({});
  secrets = $state<Record<string, string>>({});
  client = $state({ id: '', secret: '' });
  isReadOnly = $state(true);
  commandLine = $state('');
  address = $state('');
  env = $state<Row[]>([]);
  secretEnv = $state<Row[]>([]);
  problems = $state.raw<FieldProblems>({});
  isBusy = $state(false);
  /** The steps after the form; at most one of them shows. */
  signingIn = $state.raw<SigningIn | null>(null);
  picking = $state.raw<PickState | null>(null);
  readonly connector: ConnectorSummary | null = $derived(
    typeof this.chosen === 'string' ? null : this.chosen,
  );
  /** null: not chosen, and the name suggests none. */
  readonly envClass: EnvName | null = $derived(this.envTyped ?? guessEnv(this.name));
  readonly envChosen: EnvClass | null = $derived(envOf(this.envClass ?? 'unset'));
  readonly way: ChosenWay | null = $derived(this.connector && chosenWay(this.connector, this));
  /** Why nothing can be checked and added; null when it can. */
  readonly whyNot: string | null = $derived.by(() => this.#app.lock.reason);
  readonly #app: AppState;
  readonly #done: (id: string, outcome: Outcome | null) => Promise<void>;
  /** There already, because somebody went back to the form. */
  #added: Profile | null = null;
  /** The last sign-in: what it leaves behind is gone when it is over. */
  #last: Promise<void> = Promise.resolve();
  #suggested = '';
  #suggestedConnector = '';

  constructor(app: AppState, done: (id: string, outcome: Outcome | null) => Promise<void>) {
    this.#app = app;
    this.#done = done;
  }

  choose(chosen: ConnectorSummary | Own | null): void {
    this.problems = {};
    this.#added = null;
    if (chosen === null || typeof chosen === 'string') {
      this.chosen = chosen;
      return;
    }
    if (needsCommand(chosen)) {
      this.chosen = 'command';
      this.connectorName = chosen.name;
      return;
    }
    this.chosen = chosen;
    // What was typed for one service is not for another, a token least of all.
    this.metadata = {};
    this.detected = {};
    this.client = { id: '', secret: '' };
    this.takeWay(null);
    void this.#detect(chosen);
  }

  /** What was pasted into the search, where it names no connector. */
  chooseOwn(own: Own): void {
    const typed = this.search.trim();
    if (own === 'address' && isWebAddress(typed)) {
      this.address = typed;
      this.suggestConnector();
    }
    if (own === 'command' && typed.includes(' ')) this.commandLine = typed;
    this.choose(own);
  }

  /** Another way to the same service: fields both have keep what was typed, secrets go with the address they are for. */
  takeWay(variant: string | null): void {
    const { connector } = this;
    if (!connector) return;
    this.variant = variant;
    this.auth = null;
    const { way } = chosenWay(connector, this);
    this.metadata = Object.fromEntries(
      way.metadata.map(({ key, default: value }) => [
        key,
        this.metadata[key] || (this.detected[key]?.value ?? value ?? ''),
      ]),
    );
    this.isReadOnly = way.readOnly?.default ?? false;
    this.secrets = {};
    this.#takeSecrets();
  }

  takeAuth(auth: string): void {
    this.auth = auth;
    this.problems = {};
    this.#takeSecrets();
  }

  /** A path offers a name, as long as nobody typed one. */
  suggest(path: string): void {
    if (this.name !== '' && this.name !== this.#suggested) return;
    this.#suggested = suggestName(path);
    this.name = this.#suggested;
  }

  /** And an address a connector. */
  suggestConnector(): void {
    if (this.connectorName !== '' && this.connectorName !== this.#suggestedConnector) return;
    this.#suggestedConnector = suggestConnector(this.address);
    this.connectorName = this.#suggestedConnector;
  }

  async pickFile(key: string, title: string): Promise<void> {
    try {
      const { path } = await this.#app.api.app.pickFile({ title });
      if (path === null) return;
      this.metadata[key] = path;
      this.suggest(path);
    } catch (error) {
      this.problems = { ...this.problems, [`metadata.${key}`]: toNucleusError(error).message };
    }
  }

  addRow(kind: 'env' | 'secretEnv'): void {
    this[kind].push({ name: '', value: '' });
  }

  removeRow(kind: 'env' | 'secretEnv', index: number): void {
    this[kind].splice(index, 1);
    this.problems = {};
  }

  /** Adds and checks; on failure the sentences are at their fields and nothing typed is lost. */
  async submit(): Promise<void> {
    if (this.isBusy || this.whyNot !== null) return;
    const draft = this.#draft();
    this.problems = checkDraft(draft);
    if (Object.keys(this.problems).length > 0) return;
    this.isBusy = true;
    try {
      await this.#last;
      const request = addRequest(draft);
      const known = this.#added;
      if (known && known.name !== draft.name)
        await this.#app.api.profiles.rename({ id: known.id, name: draft.name });
      const added = await this.#app.api.profiles.add(
        known ? { ...request, env: null, replace: true } : { ...request, replace: false },
      );
      const { probe } = added;
      const profile = known ? await this.#reclass(added.profile) : added.profile;
      if (probe?.ok === false && probe.code === 'SIGN_IN_REQUIRED') {
        this.signingIn = new SigningIn(this.#app, profile.id);
        this.signIn('window');
      } else await this.#reached(profile, probe);
    } catch (error) {
      this.problems = fieldProblems(toNucleusError(error), draft);
    } finally {
      this.isBusy = false;
    }
  }

  /** Through the window or the browser; what comes to nothing leaves nothing and leads back to the form. */
  signIn(how: 'window' | 'browser'): void {
    const { signingIn } = this;
    if (signingIn) this.#last = this.#signIn(signingIn, how).catch((error: unknown) => this.#fail(error));
  }

  /** One step back; false where the page itself is left. */
  back(): boolean {
    if (this.signingIn) {
      void this.signingIn.cancel();
      this.signingIn = null;
    } else if (this.picking) {
      if (this.picking.back()) return true;
      this.#added = this.picking.profile;
      this.picking = null;
      if (this.chosen === null) return false;
    } else if (this.chosen === null) return false;
    else this.choose(null);
    return true;
  }

  /** Only what a profile that is there is limited to. */
  pickFor(profile: Profile, fields: readonly string[]): void {
    this.#pick(profile, fields);
  }

  async #signIn(signingIn: SigningIn, how: 'window' | 'browser'): Promise<void> {
    const end = await signingIn.begin(how, { ...this.#client(), removeIfFailed: this.#added === null });
    if (end === null) return;
    if (!isSignedIn(end)) {
      if (this.signingIn !== signingIn) return;
      this.signingIn = null;
      const problem = whyNot(end);
      this.problems = problem ? { form: sentence(problem.message) } : {};
      return;
    }
    const [info] = await this.#app.api.profiles.info({ id: signingIn.profile, probe: true });
    if (this.signingIn === signingIn) {
      this.signingIn = null;
      if (info) await this.#reached(info.profile, info.probe);
      else await this.#finish(signingIn.profile, null);
    } else if (info && this.connector?.name === info.profile.connector)
      // Cancelled too late: it is there, and the form changes it.
      this.#added = info.profile;
  }

  #fail(error: unknown): void {
    this.signingIn = null;
    this.problems = { form: sentence(toNucleusError(error).message) };
  }

  /** One that was there already keeps its class unless a person says another. */
  async #reclass(profile: Profile): Promise<Profile> {
    const env = this.envChosen;
    if ((profile.env ?? null) === env) return profile;
    return this.#app.api.profiles.changeEnv({ id: profile.id, env });
  }

  async #reached(profile: Profile, probe: Probe | null): Promise<void> {
    const open = (this.way?.way.pickers ?? []).filter((field) => !profile.metadata[field]);
    if (probe?.ok && open.length > 0) this.#pick(profile, open);
    else await this.#finish(profile.id, probe);
  }

  #pick(profile: Profile, fields: readonly string[]): void {
    this.picking = new PickState(this.#app, profile, fields, async () => {
      const [info] = await this.#app.api.profiles.info({ id: profile.id, probe: true });
      await this.#finish(profile.id, info?.probe ?? null);
    });
    void this.picking.ask();
  }

  async #finish(id: string, probe: Probe | null): Promise<void> {
    this.secrets = {};
    this.secretEnv = [];
    this.client = { id: '', secret: '' };
    await this.#done(id, probe && outcomeOf(id, probe, this.chosen !== null));
  }

  #takeSecrets(): void {
    const names = this.way?.secrets ?? [];
    this.secrets = Object.fromEntries(names.map((name) => [name, this.secrets[name] ?? '']));
  }

  /** Files in the folders clients work in may say what to fill in; only where they agree. */
  async #detect(connector: ConnectorSummary): Promise<void> {
    const found = await detectFields(this.#app.api, connector.name);
    if (this.chosen !== connector) return;
    this.detected = found;
    for (const [key, { value }] of Object.entries(found)) {
      const field = this.way?.way.metadata.find((one) => one.key === key);
      if (field && (this.metadata[key] ?? '') === (field.default ?? '')) this.metadata[key] = value;
    }
  }

  #client(): { client?: { id: string; secret?: string; key?: string }; isMachine?: boolean } {
    const method = this.way?.method ?? null;
    if (!needsClient(method)) return {};
    const { id, secret } = this.client;
    if (method?.method !== 'machine') return { client: { id: id.trim(), ...(secret !== '' && { secret }) } };
    const { client_secret: own, private_key: key } = this.secrets;
    return {
      isMachine: true,
      client: { id: id.trim(), ...(own !== undefined && { secret: own }), ...(key !== undefined && { key }) },
    };
  }

  #draft(): AddDraft {
    const rows = (list: readonly Row[]): NamedValue[] =>
      list.map(({ name, value }) => ({ name: name.trim(), value }));
    return {
      connector: this.connector,
      url: this.chosen === 'address' ? this.address.trim() : null,
      connectorName: this.connectorName.trim(),
      name: this.name.trim(),
      envClass: this.envClass,
      variant: this.variant,
      auth: this.auth,
      metadata: { ...this.metadata },
      detected: this.detected,
      secrets: { ...this.secrets },
      client: { id: this.client.id.trim(), secret: this.client.secret },
      isReadOnly: this.isReadOnly,
      commandLine: this.commandLine,
      env: rows(this.env),
      secretEnv: rows(this.secretEnv),
    };
  }
}
