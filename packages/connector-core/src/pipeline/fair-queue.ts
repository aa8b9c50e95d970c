import type { Account } from '../account/account.js';
import type { Awaitable } from '../awaitable.js';
import type { Clock } from '../environment.js';
import type { Incoming, Verdict } from './context.js';
import { Deadlines, type Expiring } from './deadlines.js';
import type { ForwardingPolicy } from './policy.js';
import { busyFor } from './rejections.js';

/** What is written on a packet here. */
type Guest = Incoming & { isAdmitted: boolean };

/** A packet that has to wait for its turn. */
interface Waiting extends Expiring {
  readonly packet: Guest;
  readonly account: Account;
  slot: number;
  readonly resolve: (verdict: Verdict) => void;
}

/**
 * Admits packets to the pipeline. While there is room, at once. From half of what the connector can care for, each account has
 * its share of that only; what is above waits in a line of the account's own, and lines are served in turn, so that one which
 * sends too much delays nobody but itself. Whoever's line is full, or who has waited too long, is told to come back later.
 */
export class FairQueue {
  readonly #clock: Clock;
  readonly #policy: ForwardingPolicy;
  readonly #deadlines: Deadlines;
  /** How many accounts have packets here, admitted or waiting. */
  readonly #busyAccounts: () => number;
  /** Whose turn is next comes first. */
  readonly #lines = new Map<Account, Set<Waiting>>();
  #admitted = 0;

  constructor(clock: Clock, policy: ForwardingPolicy, busyAccounts: () => number) {
    this.#clock = clock;
    this.#policy = policy;
    this.#deadlines = new Deadlines(clock);
    this.#busyAccounts = busyAccounts;
  }

  /** Lets a packet on, now or when it is its turn; a rejection where that would take too long. */
  admit(context: Incoming): Awaitable<Verdict> {
    const packet = context as Guest;
    const { from } = packet;
    if (this.#mayEnter(from)) {
      this.#enter(packet);
      return undefined;
    }
    if (from === undefined || this.#policy.maxQueueMs === 0) return busyFor(from);
    let line = this.#lines.get(from);
    if (line !== undefined && line.size >= this.#policy.maxPacketsQueued / this.#busyAccounts()) {
      return busyFor(from);
    }
    if (line === undefined) this.#lines.set(from, (line = new Set()));
    return this.#wait(packet, from, line);
  }

  /** A packet has its reply; gives its place to others. */
  leave(packet: Guest): void {
    if (!packet.isAdmitted) return;
    packet.isAdmitted = false;
    this.#admitted -= 1;
    if (packet.from !== undefined) packet.from.admitted -= 1;
    while (this.#lines.size > 0 && this.#serveNext());
  }

  #mayEnter(from: Account | undefined): boolean {
    const { maxPacketsInFlight: most } = this.#policy;
    if (this.#admitted >= most) return false;
    if (this.#admitted * 2 < most || from === undefined) return true;
    return from.admitted < most / this.#busyAccounts();
  }

  #enter(packet: Guest): void {
    packet.isAdmitted = true;
    this.#admitted += 1;
    if (packet.from !== undefined) packet.from.admitted += 1;
  }

  #wait(packet: Guest, account: Account, line: Set<Waiting>): Promise<Verdict> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        packet,
        account,
        deadline: this.#clock.now() + this.#policy.maxQueueMs,
        slot: 0,
        resolve,
        expire: () => {
          this.#remove(waiting);
          resolve(busyFor(account));
        },
      };
      line.add(waiting);
      waiting.slot = this.#deadlines.add(waiting);
    });
  }

  /** Admits one packet of the first line whose account may. @returns whether there was one. */
  #serveNext(): boolean {
    for (const [account, line] of this.#lines) {
      if (!this.#mayEnter(account)) continue;
      const [first] = line;
      if (first === undefined) continue;
      this.#deadlines.remove(first.slot, first);
      this.#remove(first);
      // To the end: the others are next.
      if (line.size > 0) {
        this.#lines.delete(account);
        this.#lines.set(account, line);
      }
      // Who was answered while waiting takes no place.
      if (!first.packet.isOver) this.#enter(first.packet);
      first.resolve(undefined);
      return true;
    }
    return false;
  }

  #remove(waiting: Waiting): void {
    const line = this.#lines.get(waiting.account);
    line?.delete(waiting);
    if (line?.size === 0) this.#lines.delete(waiting.account);
  }
}
