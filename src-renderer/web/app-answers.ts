import type { Reply } from '../../src-shared/bridge.ts';
import type { AppContract, AppSettings, HandlersOf } from '../../src-shared/contract.ts';
import { mayShow } from '../../src-shared/page-address.ts';
import { text } from '../text.ts';
import type { PageAnswer } from './bridge.ts';

const settingsName = 'nucleus-settings';
const themes: readonly AppSettings['theme'][] = ['system', 'light', 'dark'];

type AppHandlers = HandlersOf<AppContract>;

export interface AppAnswersDeps {
  readonly storage: Pick<Storage, 'getItem' | 'setItem'>;
  /** Asks the gateway. */
  post(name: string): Promise<Reply>;
  /** Lets the person type a path on the gateway's machine; null for none. */
  askPath(title: string): Promise<string | null>;
  /** Shows a fact that there is nothing else to do with. */
  show(title: string, value: string): void;
  copy(value: string): Promise<void>;
  openPage(url: string): void;
  signOut(): Promise<void>;
}

/** What the app's own process answers to a window, as far as a page in a browser can. */
export function createAppAnswers(deps: AppAnswersDeps): Readonly<Record<string, PageAnswer>> {
  const { storage } = deps;
  let kept = readKept(storage);
  const settings = (): AppSettings => ({ ...kept, autostart: null, wantsAdd: false, updates: null });
  const handlers: {
    readonly [G in 'settings' | 'app']: {
      readonly [K in keyof AppHandlers[G]]: (
        input: AppHandlers[G][K] extends (input: infer I, ...rest: never) => unknown ? I : never,
      ) => unknown;
    };
  } = {
    settings: {
      get: settings,
      set({ theme, view }) {
        kept = { theme: theme ?? kept.theme, view: view ?? kept.view };
        storage.setItem(settingsName, JSON.stringify(kept));
        return settings();
      },
    },
    app: {
      async quit() {
        await deps.signOut();
        return {};
      },
      pickFile: async ({ title }) => ({ path: await deps.askPath(title) }),
      async copy({ text: value }) {
        await deps.copy(value);
        return {};
      },
      openPage({ url }) {
        if (!URL.canParse(url) || !mayShow(new URL(url))) throw new Error(text.web.notOpened);
        deps.openPage(url);
        return {};
      },
      async openConfig() {
        const reply = await deps.post('surface.get');
        const file = reply.ok ? (reply.value as { readonly file: string | null }).file : null;
        if (file === null) throw new Error(text.web.noConfig);
        deps.show(text.web.configAt, file);
        return {};
      },
      // Nothing to look for: the page is of whatever serves it.
      lookForUpdate: settings,
    },
  };
  return Object.fromEntries(
    Object.entries(handlers).flatMap(([group, questions]) =>
      Object.entries(questions).map(([name, answer]) => [`${group}.${name}`, answer as PageAnswer]),
    ),
  );
}

/** What may be lost is not worth a word when it is. */
function readKept(storage: AppAnswersDeps['storage']): Pick<AppSettings, 'theme' | 'view'> {
  let known: Partial<AppSettings> = {};
  try {
    known = (JSON.parse(storage.getItem(settingsName) ?? '{}') ?? {}) as Partial<AppSettings>;
  } catch {
    // Written by somebody else; the defaults do.
  }
  const theme = themes.find((one) => one === known.theme) ?? 'system';
  return { theme, view: isView(known.view) ? known.view : 'profiles' };
}

function isView(view: unknown): view is AppSettings['view'] {
  return typeof view === 'string' && Object.hasOwn(views, view);
}

const views = {
  profiles: true,
  approvals: true,
  activity: true,
  tools: true,
  policy: true,
  clients: true,
  doctor: true,
  settings: true,
} satisfies Record<AppSettings['view'], true>;
