import type { Era } from '../wire/peer.ts';
import type { Transport } from './transport.ts';

/** An endpoint of which the era is found out by greeting it: each era has a transport of its own. */
export function openHttpOfEra(openers: Readonly<Record<Era, () => Transport>>): Transport {
  const transport: Transport = {
    pid: null,
    isHttp: true,
    onLine: () => null,
    onOverflow: () => {},
    onLost: () => {},
    onStale: () => {},
    onEnd: () => {},
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
    opened.onLine = (line, via) => transport.onLine(line, via);
    opened.onOverflow = (head, tail, length) => transport.onOverflow(head, tail, length);
    opened.onLost = (id, error) => transport.onLost(id, error);
    opened.onStale = (why) => transport.onStale(why);
    opened.onEnd = (ending) => transport.onEnd(ending);
    return opened;
  }

  let era: Era = 'modern';
  let inner = adopt(era);
  return transport;
}
