import type { SenderPolicy } from './sender-policy.js';

/** How long packets may take. Only grows, so that packets expire in the order in which they were sent. */
export class PacketTimeout {
  readonly #policy: SenderPolicy;
  #ms: number;
  #raisedAt = -Infinity;

  constructor(policy: SenderPolicy) {
    this.#policy = policy;
    this.#ms = policy.packetTimeoutMs;
  }

  get ms(): number {
    return this.#ms;
  }

  /** R00, R02: half as much again, once for all packets that were on their way. */
  handleTooShort(sentAt: number, now: number): void {
    if (sentAt < this.#raisedAt) return;
    this.#raisedAt = now;
    this.#ms = Math.min(
      Math.max(this.#ms, this.#policy.maxPacketTimeoutMs),
      Math.ceil(this.#ms * 1.5),
    );
  }
}
