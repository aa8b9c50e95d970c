import type { Clock } from '../environment.js';
import type { Packet } from './context.js';
import type { Deadlines, Expiring } from './deadlines.js';
import type { ForwardingPolicy } from './policy.js';

/**
 * Waits for a store, or for an application's step, as long as a packet has time: its sender gets a reply when it expires even if
 * they never answer (RFC 0027 "ILP Packet Lifecycle", 10; RFC 0034 "ILP Prepare").
 */
export class Patience {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #policy: ForwardingPolicy;

  constructor(clock: Clock, deadlines: Deadlines, policy: ForwardingPolicy) {
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#policy = policy;
  }

  /**
   * Resolves with what is waited for, or with `instead` when the packet's time is over; the packet is over then.
   * @param onLate called when what was waited for comes after that, whatever it is.
   */
  wait<T>(packet: Packet, later: Promise<T>, instead: T, onLate?: () => void): Promise<T> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const expiring: Expiring = {
        deadline: this.#endOf(packet),
        expire: () => {
          isLate = true;
          packet.isOver = true;
          resolve(instead);
        },
      };
      const end = (settle: () => void): void => {
        this.#deadlines.remove(slot, expiring);
        if (isLate) onLate?.();
        else settle();
      };
      const slot = this.#deadlines.add(expiring);
      later.then(
        (value) => {
          end(() => {
            resolve(value);
          });
        },
        (error: unknown) => {
          end(() => {
            reject(error instanceof Error ? error : new Error(String(error)));
          });
        },
      );
    });
  }

  /** When the reply must go back: early enough to get there, where that is possible. */
  #endOf({ from, now, expiresAt, outgoingExpiresAt }: Packet): number {
    if (outgoingExpiresAt > 0) return outgoingExpiresAt;
    if (from === undefined) return expiresAt;
    const { minMessageWindowMs, maxHoldTimeMs } = this.#policy;
    const early = Math.min(expiresAt - minMessageWindowMs, now + maxHoldTimeMs);
    return early > this.#clock.now() ? early : expiresAt;
  }
}
