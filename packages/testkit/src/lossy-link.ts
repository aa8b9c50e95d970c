import { encodeReject, type IlpPacketHandler } from '@pennyswitch/ilp-packet';
import type { SeededRandom } from './random.js';
import type { TestClock } from './virtual-clock.js';

/** What a link does to packets. Every probability is 0 to 1 and 0 by default. */
export interface LinkFaults {
  /** How long a packet takes one way, in milliseconds; with a range each takes its own time, so they overtake one another. */
  readonly delayMs?: number | readonly [min: number, max: number];
  /** A Prepare gets lost. */
  readonly losePrepare?: number;
  /** A reply gets lost: the other side believes that it was heard. */
  readonly loseReply?: number;
  /** A Prepare arrives twice. */
  readonly duplicate?: number;
  /** A reply's bytes change on the way. */
  readonly corruptReply?: number;
  /** Whether the near side answers R00 at this time after sending, in milliseconds, when no reply came; default never. */
  readonly timeOutAfterMs?: number;
}

/**
 * A link that loses, delays, duplicates and reorders packets, by a seed and on virtual time. Without `timeOutAfterMs` the
 * promise of a lost packet never settles.
 * @param faults a function is asked anew for each packet, so that a link can heal.
 */
export function lossyLink(options: {
  readonly clock: TestClock;
  readonly random: SeededRandom;
  readonly faults: LinkFaults | (() => LinkFaults);
  readonly to: IlpPacketHandler;
}): IlpPacketHandler {
  const { clock, random, to } = options;
  const later = (delay: LinkFaults['delayMs'], callback: () => void): void => {
    const ms = typeof delay === 'object' ? random.int(delay[0], delay[1]) : (delay ?? 0);
    clock.setTimeout(callback, ms);
  };
  return (prepare) =>
    new Promise((resolve) => {
      const faults = typeof options.faults === 'function' ? options.faults() : options.faults;
      const deliver = (): void => {
        void to(prepare.slice()).then((reply) => {
          if (random.chance(faults.loseReply ?? 0)) return;
          const arrived = random.chance(faults.corruptReply ?? 0) ? corrupt(reply, random) : reply;
          later(faults.delayMs, () => resolve(arrived));
        });
      };
      if (!random.chance(faults.losePrepare ?? 0)) later(faults.delayMs, deliver);
      if (random.chance(faults.duplicate ?? 0)) later(faults.delayMs, deliver);
      if (faults.timeOutAfterMs !== undefined) {
        clock.setTimeout(() => resolve(TIMED_OUT), faults.timeOutAfterMs);
      }
    });
}

const TIMED_OUT = encodeReject({
  code: 'R00',
  triggeredBy: '',
  message: 'no reply in time',
  data: new Uint8Array(0),
});

function corrupt(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const copy = bytes.slice();
  const at = random.int(0, copy.length - 1);
  copy[at] = (copy[at] ?? 0) ^ (1 << random.int(0, 7));
  return copy;
}
