import type { IlpErrorCode } from '@pennyswitch/ilp-packet';
import type { LinkFaults, SeededRandom } from '@pennyswitch/testkit';

/** Kinds of fault that a link is told to make. Packets overtake one another where `reorder` is among them. */
export const FAULT_KINDS = [
  'lose prepare',
  'lose reply',
  'duplicate',
  'reorder',
  'corrupt reply',
  'strip reply',
  'swap data',
  'swap fulfillment',
  'refuse',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

type Rate = 'losePrepare' | 'loseReply' | 'duplicate' | 'corruptReply' | 'refuse' | SwapRate;
type SwapRate = 'stripReply' | 'swapData' | 'swapFulfillment';

/** How often each is drawn, relative to the others: two of them end a payment. */
const WEIGHTED: readonly [FaultKind, ...FaultKind[]] = [
  ...(['lose prepare', 'lose reply', 'duplicate', 'reorder', 'refuse', 'reorder'] as const),
  ...(['lose prepare', 'lose reply', 'duplicate', 'reorder', 'refuse', 'strip reply'] as const),
  ...(['swap data', 'swap data', 'strip reply', 'corrupt reply', 'swap fulfillment'] as const),
];

/** Whoever makes such a fault cannot keep a payment from its end, where the sender hears of what got lost. */
const HARMLESS: readonly FaultKind[] = [
  'lose prepare',
  'lose reply',
  'duplicate',
  'reorder',
  'refuse',
];

const RATES: Readonly<Record<Exclude<FaultKind, 'reorder'>, Rate>> = {
  'lose prepare': 'losePrepare',
  'lose reply': 'loseReply',
  duplicate: 'duplicate',
  'corrupt reply': 'corruptReply',
  'strip reply': 'stripReply',
  'swap data': 'swapData',
  'swap fulfillment': 'swapFulfillment',
  refuse: 'refuse',
};

const REFUSAL_CODES: readonly [IlpErrorCode, ...IlpErrorCode[]] = [
  'T00',
  'T01',
  'T02',
  'T03',
  'T05',
  'R02',
];

/**
 * What goes wrong on the links of one schedule: two to four kinds of fault. Each happens once, early, and from then on by
 * chance, so that no schedule goes by without them.
 */
export class FaultPlan {
  readonly kinds: ReadonlySet<FaultKind>;
  /** Whether a lost packet is answered with R00, as a connector's link does, and not at all otherwise. */
  readonly timesOut: boolean;
  /** Which of the links are bad, where there are several. */
  readonly side: 'near' | 'far' | 'both';
  readonly #delayMs: NonNullable<LinkFaults['delayMs']>;
  readonly #rates: Partial<Record<Rate, number>> = {};
  readonly #firsts = new Map<number, Rate[]>();
  readonly #random: SeededRandom;
  readonly #now: () => number;
  /** From which packet on everything is refused for a while; undefined for never. Not at the start, where an address that is
   * not confirmed in five attempts is given up for good. */
  readonly #outage: { readonly from: number; readonly lengthMs: number } | undefined;
  #outageUntil = -Infinity;
  #packets = 0;

  /** @param maxRate how often each kind happens at most, of one. */
  constructor(random: SeededRandom, now: () => number, maxRate = 0.06) {
    this.#now = now;
    this.#random = random.fork();
    const count = random.int(2, 4);
    const kinds = new Set<FaultKind>();
    while (kinds.size < count) kinds.add(random.pick(WEIGHTED));
    this.kinds = kinds;
    this.timesOut = random.chance(0.7);
    this.side = random.pick(['near', 'far', 'far', 'both']);
    const delay = random.int(1, 60);
    this.#delayMs = kinds.has('reorder') ? [delay, 4 * delay] : delay;
    if (kinds.has('refuse') && random.chance(0.4)) {
      this.#outage = { from: random.int(30, 70), lengthMs: random.int(500, 3_000) };
    }
    for (const kind of kinds) {
      if (kind === 'reorder') continue;
      const rate = RATES[kind];
      this.#rates[rate] = (maxRate * random.int(1, 10)) / 10;
      const isLast = kind === 'corrupt reply' || kind === 'swap fulfillment';
      const first = isLast ? random.int(16, 60) : random.int(3, 16);
      this.#firsts.set(first, [...(this.#firsts.get(first) ?? []), rate]);
    }
  }

  /** Packets get lost. */
  get isLossy(): boolean {
    return this.kinds.has('lose prepare') || this.kinds.has('lose reply');
  }

  /** Whether an honest sender must come to its end in spite of it. */
  get isFair(): boolean {
    return (
      [...this.kinds].every((kind) => HARMLESS.includes(kind)) && (!this.isLossy || this.timesOut)
    );
  }

  /** For the links: what may happen to the next packet. */
  readonly next = (): LinkFaults => {
    const forced = this.#firsts.get(++this.#packets) ?? [];
    if (this.#packets === this.#outage?.from)
      this.#outageUntil = this.#now() + this.#outage.lengthMs;
    if (this.#now() < this.#outageUntil) {
      return { delayMs: this.#delayMs, refuse: 1, refusalCode: 'T01' };
    }
    const faults = { ...this.#rates };
    for (const rate of forced) faults[rate] = 1;
    return {
      delayMs: this.#delayMs,
      ...faults,
      ...(faults.refuse === undefined ? {} : { refusalCode: this.#random.pick(REFUSAL_CODES) }),
      ...(this.timesOut ? { timeOutAfterMs: 4_000 } : {}),
    };
  };

  /** The same links, well again. */
  readonly healed = (): LinkFaults => ({
    delayMs: this.#delayMs,
    ...(this.timesOut ? { timeOutAfterMs: 4_000 } : {}),
  });
}
