import { encodeReject, type IlpErrorCode, type IlpPacketHandler } from '@pennyswitch/ilp-packet';
import type { SeededRandom } from './random.js';
import { withData, withFulfillmentOf } from './altered-reply.js';
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
  /** A reply keeps its own type, and gets no data, or the data of the reply before it. */
  readonly stripReply?: number;
  readonly swapData?: number;
  /** A Fulfill carries the fulfillment of another one. */
  readonly swapFulfillment?: number;
  /** A Prepare is answered with {@link refusalCode} by the link itself. */
  readonly refuse?: number;
  /** Default T00. */
  readonly refusalCode?: IlpErrorCode;
  /** Whether the near side answers R00 at this time after sending, in milliseconds, when no reply came; default never. */
  readonly timeOutAfterMs?: number;
}

/** What a link did to one packet. `reorder` is a packet that came after one that was sent later. */
export type LinkFault =
  | 'lose prepare'
  | 'lose reply'
  | 'duplicate'
  | 'reorder prepares'
  | 'reorder replies'
  | 'corrupt reply'
  | 'strip reply'
  | 'swap data'
  | 'swap fulfillment'
  | 'refuse'
  | 'time out';

/** What of a packet a fault concerns: the Prepare, and where it is about the reply, the reply as the far side gave it. */
export interface FaultyPacket {
  readonly prepare: Uint8Array;
  readonly reply?: Uint8Array;
}

/** What a {@link lossyLink} is made of. */
export interface LossyLinkOptions {
  readonly clock: TestClock;
  readonly random: SeededRandom;
  /** A function is asked anew for each packet, so that a link can heal. */
  readonly faults: LinkFaults | (() => LinkFaults);
  readonly to: IlpPacketHandler;
  /** Told of everything that goes wrong. */
  readonly onFault?: ((fault: LinkFault, packet: FaultyPacket) => void) | undefined;
}

/**
 * A link that loses, delays, duplicates and reorders packets, by a seed and on virtual time. Without `timeOutAfterMs` the
 * promise of a lost packet never settles.
 */
export function lossyLink(options: LossyLinkOptions): IlpPacketHandler {
  const link = new LossyLink(options);
  return (prepare) => link.send(prepare);
}

class LossyLink {
  readonly #options: LossyLinkOptions;
  #sent = 0;
  #latestPrepare = 0;
  #latestReply = 0;
  #lastReply: Uint8Array | undefined;

  constructor(options: LossyLinkOptions) {
    this.#options = options;
  }

  send(prepare: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve) => {
      const { faults: given, random, clock } = this.#options;
      const faults = typeof given === 'function' ? given() : given;
      const order = ++this.#sent;
      const timer: { timeOut?: unknown } = {};
      const answer = (reply: Uint8Array): void => {
        clock.clearTimeout(timer.timeOut);
        resolve(reply);
      };
      const deliver = (): void => this.#deliver({ prepare, order, faults, answer });
      if (this.#happens(faults.refuse)) {
        this.#tell('refuse', { prepare });
        this.#later(faults, () => answer(rejectOf(faults.refusalCode ?? 'T00')));
        return;
      }
      if (random.chance(faults.losePrepare ?? 0)) this.#tell('lose prepare', { prepare });
      else this.#later(faults, deliver);
      if (random.chance(faults.duplicate ?? 0)) {
        this.#tell('duplicate', { prepare });
        this.#later(faults, deliver);
      }
      if (faults.timeOutAfterMs === undefined) return;
      timer.timeOut = clock.setTimeout(() => {
        this.#tell('time out', { prepare });
        resolve(TIMED_OUT);
      }, faults.timeOutAfterMs);
    });
  }

  #deliver(packet: {
    readonly prepare: Uint8Array;
    readonly order: number;
    readonly faults: LinkFaults;
    readonly answer: (reply: Uint8Array) => void;
  }): void {
    const { random, to } = this.#options;
    const { prepare, order, faults, answer } = packet;
    if (order < this.#latestPrepare) this.#tell('reorder prepares', { prepare });
    else this.#latestPrepare = order;
    void to(prepare.slice()).then((reply) => {
      if (random.chance(faults.loseReply ?? 0)) {
        this.#tell('lose reply', { prepare, reply });
        return;
      }
      const arrived = this.#alter(reply, prepare, faults);
      this.#later(faults, () => {
        if (order < this.#latestReply) this.#tell('reorder replies', { prepare, reply });
        else this.#latestReply = order;
        answer(arrived);
      });
    });
  }

  /** What of a reply comes through. */
  #alter(reply: Uint8Array, prepare: Uint8Array, faults: LinkFaults): Uint8Array {
    const before = this.#lastReply;
    this.#lastReply = reply;
    if (this.#options.random.chance(faults.corruptReply ?? 0)) {
      this.#tell('corrupt reply', { prepare, reply });
      return corrupt(reply, this.#options.random);
    }
    if (this.#happens(faults.stripReply)) {
      this.#tell('strip reply', { prepare, reply });
      return withData(reply, undefined);
    }
    if (before !== undefined && this.#happens(faults.swapData)) {
      this.#tell('swap data', { prepare, reply });
      return withData(reply, before);
    }
    if (before !== undefined && this.#happens(faults.swapFulfillment)) {
      this.#tell('swap fulfillment', { prepare, reply });
      return withFulfillmentOf(reply, before);
    }
    return reply;
  }

  /** Whether a fault that few links have happens now: links without it draw the same numbers as if it did not exist. */
  #happens(probability: number | undefined): boolean {
    return probability !== undefined && probability > 0 && this.#options.random.chance(probability);
  }

  #tell(fault: LinkFault, packet: FaultyPacket): void {
    this.#options.onFault?.(fault, packet);
  }

  #later({ delayMs }: LinkFaults, callback: () => void): void {
    const { random, clock } = this.#options;
    const ms = typeof delayMs === 'object' ? random.int(delayMs[0], delayMs[1]) : (delayMs ?? 0);
    clock.setTimeout(callback, ms);
  }
}

function rejectOf(code: IlpErrorCode, message = ''): Uint8Array {
  return encodeReject({ code, triggeredBy: '', message, data: new Uint8Array(0) });
}

const TIMED_OUT = rejectOf('R00', 'no reply in time');

function corrupt(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const copy = bytes.slice();
  const at = random.int(0, copy.length - 1);
  copy[at] = (copy[at] ?? 0) ^ (1 << random.int(0, 7));
  return copy;
}
