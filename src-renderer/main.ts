import { mount } from 'svelte';
import { createApi } from './api.ts';
import App from './App.svelte';
import { isMac } from './platform.ts';
import { AppState } from './state/app-state.svelte.ts';
import { text } from './text.ts';

if (window.nucleus) {
  if (isMac()) document.documentElement.dataset['platform'] = 'mac';
  mount(App, {
    target: document.body,
    props: { app: new AppState(createApi(window.nucleus)), isMac: isMac() },
  });
} else {
  document.body.textContent = text.app.noBridge;
}
