import { contextBridge, ipcRenderer } from 'electron';
import type { NucleusBridge, Reply } from '../../src-shared/bridge.ts';
import type { Topic } from '../../src-shared/contract.ts';

// The names of ipc.ts, which this sandboxed script cannot load: it would bring the gateway with it.
const askChannel = 'nucleus:ask';
const changedChannel = 'nucleus:changed';

const bridge: NucleusBridge = {
  ask: (name, input) => ipcRenderer.invoke(askChannel, name, input) as Promise<Reply>,
  on(listener) {
    const tell = (_event: unknown, topics: readonly Topic[]): void => listener(topics);
    ipcRenderer.on(changedChannel, tell);
    return () => void ipcRenderer.off(changedChannel, tell);
  },
};

contextBridge.exposeInMainWorld('nucleus', bridge);
