import type { Clock } from '@pennyswitch/stream';

/** Options of {@link Announcements}. */
export interface AnnouncementsOptions {
  readonly clock: Clock;
  readonly quietMs: number;
  readonly longestWaitMs: number;
  /** Makes an event of what came in for a tag. */
  readonly announce: (tag: string) => void;
}

interface Waiting {
  readonly since: number;
  timer: unknown;
}

/** When to make an event of what came in for a tag: a payment of many packets is one event, but none waits for ever. */
export class Announcements {
  readonly #options: AnnouncementsOptions;
  /** Money in the books whose packets are not answered yet. */
  readonly #held = new Map<string, bigint>();
  readonly #waiting = new Map<string, Waiting>();
  #isStopped = false;

  constructor(options: AnnouncementsOptions) {
    this.#options = options;
  }

  held(tag: string): bigint {
    return this.#held.get(tag) ?? 0n;
  }

  hold(tag: string, amount: bigint): void {
    this.#held.set(tag, this.held(tag) + amount);
  }

  release(tag: string, amount: bigint): void {
    const rest = this.held(tag) - amount;
    if (rest === 0n) this.#held.delete(tag);
    else this.#held.set(tag, rest);
  }

  /** Something came in: an event is due when it has been quiet for a while. */
  due(tag: string): void {
    const { clock, quietMs, longestWaitMs } = this.#options;
    const since = this.#waiting.get(tag)?.since ?? clock.now();
    this.#schedule(tag, since, Math.min(quietMs, Math.max(0, since + longestWaitMs - clock.now())));
  }

  /** An event is due at once. */
  dueNow(tag: string): void {
    this.#schedule(tag, this.#options.clock.now(), 0);
  }

  /** Schedules nothing any more; returns the tags that were waiting. */
  stop(): string[] {
    this.#isStopped = true;
    const tags = [...this.#waiting.keys()];
    for (const { timer } of this.#waiting.values()) this.#options.clock.clearTimeout(timer);
    this.#waiting.clear();
    return tags;
  }

  #schedule(tag: string, since: number, delayMs: number): void {
    if (this.#isStopped) return;
    const { clock, announce } = this.#options;
    clock.clearTimeout(this.#waiting.get(tag)?.timer);
    const timer = clock.setTimeout(() => {
      this.#waiting.delete(tag);
      announce(tag);
    }, delayMs);
    this.#waiting.set(tag, { since, timer });
  }
}
