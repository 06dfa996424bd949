import type { Era } from '../wire/peer.ts';
import { relay, unheard, type Transport } from './transport.ts';

/** An endpoint of which the era is found out by greeting it: each era has a transport of its own. */
export function openHttpOfEra(openers: Readonly<Record<Era, () => Transport>>): Transport {
  const transport: Transport = {
    pid: null,
    isHttp: true,
    ...unheard,
    stderrTail: () => '',
    send: (message, id, isHarmless, about) => inner.send(message, id, isHarmless, about),
    abandon: (id) => inner.abandon(id),
    close: () => inner.close(),
    speak(next) {
      if (next === era) return;
      const before = inner;
      // Its end is not the end of this one.
      before.onEnd = () => {};
      before.onStale = () => {};
      inner = adopt(next);
      era = next;
      void before.close();
    },
  };

  function adopt(next: Era): Transport {
    const opened = openers[next]();
    relay(opened, transport);
    return opened;
  }

  let era: Era = 'modern';
  let inner = adopt(era);
  return transport;
}
