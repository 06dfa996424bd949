import { mount } from 'svelte';
import { createApi, type PopoverApi } from './api.ts';
import { isMac } from './platform.ts';
import Popover from './Popover.svelte';
import { PopoverState } from './state/popover-state.svelte.ts';

// Only the app opens this page, and its bridge is there first.
if (window.nucleus)
  mount(Popover, {
    target: document.body,
    props: {
      popover: new PopoverState(createApi<PopoverApi>(window.nucleus), () => document.hidden),
      isMac: isMac(),
    },
  });
