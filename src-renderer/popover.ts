import { mount } from 'svelte';
import { createApi, type PopoverApi } from './api.ts';
import { isMac } from './platform.ts';
import Popover from './Popover.svelte';
import { PopoverState } from './state/popover-state.svelte.ts';
import { text } from './text.ts';

if (window.nucleus) {
  mount(Popover, {
    target: document.body,
    props: {
      popover: new PopoverState(createApi<PopoverApi>(window.nucleus), () => document.hidden),
      isMac: isMac(),
    },
  });
} else {
  document.body.textContent = text.app.noBridge;
}
