import { mount } from 'svelte';
import { createApi } from '../api.ts';
import { AppState } from '../state/app-state.svelte.ts';
import { PagePrompts } from '../state/page-prompts.svelte.ts';
import { proofWords } from '../state/proof-words.ts';
import SignedOut from '../views/SignedOut.svelte';
import { createAppAnswers } from './app-answers.ts';
import { createWebBridge } from './bridge.ts';
import { copyText } from './copy.ts';
import { followNews } from './news.ts';
import Page from './Page.svelte';
import { openWebSession } from './session.ts';

/** Shows the window's contents in a browser that came in by the link of `nucleus ui`. */
export async function openPage(target: HTMLElement, isMac: boolean): Promise<void> {
  const session = await openWebSession({
    fetch: (path, init) => fetch(path, init),
    storage: sessionStorage,
  });
  if (session === null) {
    mount(SignedOut, { target });
    return;
  }
  const prompts = new PagePrompts();
  const ways = (): ReturnType<typeof session.post> => session.post('/api/person.ways', {});
  const bridge = createWebBridge({
    session,
    newId: () => crypto.randomUUID(),
    prove: (question, input, send) =>
      prompts.prove({
        act: proofWords(question, input, app.approvals.value?.waiting ?? []),
        ways,
        send,
      }),
    answers: createAppAnswers({
      storage: localStorage,
      post: (name) => session.post(`/api/${name}`, {}),
      askPath: (title) => prompts.askPath(title),
      show: (title, value) => prompts.show(title, value),
      copy: copyText,
      openPage: (url) => void window.open(url, '_blank', 'noopener,noreferrer'),
      signOut: session.signOut,
    }),
  });
  const app = new AppState(createApi(bridge), 'page');
  mount(Page, { target, props: { app, prompts, ended: session.ended, isMac } });
  followNews({
    session,
    tell: (topics) => bridge.tell(topics),
    after(milliseconds, run) {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
  });
}
