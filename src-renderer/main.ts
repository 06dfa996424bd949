import { mount } from 'svelte';
import { createApi } from './api.ts';
import App from './App.svelte';
import { isMac } from './platform.ts';
import { AppState } from './state/app-state.svelte.ts';

if (window.nucleus) {
  if (isMac()) document.documentElement.dataset['platform'] = 'mac';
  mount(App, {
    target: document.body,
    props: { app: new AppState(createApi(window.nucleus)), isMac: isMac() },
  });
} else {
  // Not loaded in the app, whose window it would hold up.
  const { openPage } = await import('./web/open-page.ts');
  await openPage(document.body, isMac());
}
