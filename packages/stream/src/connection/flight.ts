import type { Draft, Task } from './task.js';

/** A packet that has left and whose fate is not known. */
export interface SentPacket {
  readonly sequence: number;
  readonly draft: Draft;
  /** Who asked for it, and is told what became of it. */
  readonly task: Task;
  /** The proof that it was accepted: 32 bytes; undefined for a probe, which nobody can fulfill. */
  readonly fulfillment: Uint8Array | undefined;
  readonly sentAt: number;
  readonly expiresAt: number;
}

/**
 * What is in the air. Later packets never expire before earlier ones (the timeout only grows), so the first one is always
 * the next to expire. Packets that got no reply are kept apart: a Fulfill counts whenever it comes.
 */
export class Flight {
  readonly #inFlight = new Map<number, SentPacket>();
  readonly #overdue = new Map<number, SentPacket>();
  #amount = 0n;

  /** Packets whose reply may still come in time. */
  get count(): number {
    return this.#inFlight.size;
  }

  /** Their amounts together, in source units. */
  get amount(): bigint {
    return this.#amount;
  }

  add(packet: SentPacket): void {
    this.#inFlight.set(packet.sequence, packet);
    this.#amount += packet.draft.amount;
  }

  /** Takes out the packet that a reply belongs to; undefined where it had its reply already. */
  land(sequence: number): SentPacket | undefined {
    const packet = this.#inFlight.get(sequence);
    if (packet !== undefined) {
      this.#inFlight.delete(sequence);
      this.#amount -= packet.draft.amount;
      return packet;
    }
    const overdue = this.#overdue.get(sequence);
    if (overdue !== undefined) this.#overdue.delete(sequence);
    return overdue;
  }

  /** Moves one packet that should have been answered by `now` to the overdue ones; undefined where there is none. */
  expire(now: number, graceMs: number): SentPacket | undefined {
    const at = this.nextExpiry();
    if (at === undefined || now < at + graceMs) return undefined;
    const [packet] = this.#inFlight.values();
    if (packet !== undefined) this.#makeOverdue(packet);
    return packet;
  }

  /** Gives a packet up at once that its link says nothing more will be heard of. */
  abandon(sequence: number): SentPacket | undefined {
    const packet = this.#inFlight.get(sequence);
    if (packet !== undefined) this.#makeOverdue(packet);
    return packet;
  }

  /** When the first packet expires. */
  nextExpiry(): number | undefined {
    for (const packet of this.#inFlight.values()) return packet.expiresAt;
    return undefined;
  }

  #makeOverdue(packet: SentPacket): void {
    this.#inFlight.delete(packet.sequence);
    this.#amount -= packet.draft.amount;
    if (packet.draft.isForgotten !== true) this.#overdue.set(packet.sequence, packet);
  }
}
