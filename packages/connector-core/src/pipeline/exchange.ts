import {
  decodeFulfill,
  decodeReject,
  packetType,
  PacketType,
  type IlpPacketHandler,
  type IlpReject,
} from '@pennyswitch/ilp-packet';
import type { Clock } from '../environment.js';
import { sentOf, type Sent } from '../links/link.js';
import type { Hop, Reserved } from './context.js';
import type { Deadlines, Expiring } from './deadlines.js';

/** What came of sending a packet on one way. */
export type Outcome =
  | { readonly type: 'fulfill'; readonly bytes: Uint8Array; readonly fulfillment: Uint8Array }
  | { readonly type: 'reject'; readonly bytes: Uint8Array; readonly reject: IlpReject }
  /** The other side answered with something else. */
  | { readonly type: 'garbage' }
  /** No answer until the expiry. */
  | { readonly type: 'expired' }
  /** The link gave up before the expiry. */
  | { readonly type: 'failed'; readonly sent: Sent; readonly error: unknown };

/** A packet on one way, as it went out. */
export interface SentPacket {
  readonly packet: Reserved;
  readonly to: Hop;
  /** In units of the outgoing account. */
  readonly amount: bigint;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What an exchange needs beside the packet. */
export interface ExchangeServices {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  /** How long after the expiry a reply is still waited for, in milliseconds. */
  readonly lateReplyMs: number;
  /** Told of a fulfillment that came after its packet had expired. */
  readonly onLate: (sent: SentPacket, fulfillment: Uint8Array, arrivedAt: number) => void;
  /** Told of a packet that went out and got no reply at all: the other side may have fulfilled it. */
  readonly onLost: (sent: SentPacket, lostAt: number) => void;
}

/**
 * Sends a packet on its way and waits for what comes first: the reply, or its expiry (RFC 0034: a Reject must go back then,
 * whatever comes later). Never rejects.
 */
export function exchange(
  packet: Reserved,
  localHandler: IlpPacketHandler | undefined,
  services: ExchangeServices,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const exchanged = new Exchange(packet, services, resolve);
    send(packet, localHandler, exchanged.expiresAt + services.lateReplyMs).then(
      (bytes) => {
        exchanged.receive(bytes);
      },
      (error: unknown) => {
        exchanged.fail(error);
      },
    );
  });
}

class Exchange implements Expiring, SentPacket {
  readonly packet: Reserved;
  readonly to: Hop;
  readonly amount: bigint;
  readonly expiresAt: number;
  readonly #services: ExchangeServices;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #slot: number;
  #isOver = false;

  constructor(packet: Reserved, services: ExchangeServices, resolve: (outcome: Outcome) => void) {
    this.packet = packet;
    this.to = packet.to;
    this.amount = packet.outgoingAmount;
    this.expiresAt = packet.outgoingExpiresAt;
    this.#services = services;
    this.#resolve = resolve;
    this.#slot = services.deadlines.add(this);
  }

  get deadline(): number {
    return this.expiresAt;
  }

  receive(bytes: Uint8Array): void {
    const outcome = readReply(bytes);
    const arrivedAt = this.#services.clock.now();
    if (!this.#isOver && arrivedAt < this.expiresAt) {
      this.#finish(outcome);
      return;
    }
    this.#finish({ type: 'expired' });
    if (outcome.type === 'fulfill') this.#services.onLate(this, outcome.fulfillment, arrivedAt);
  }

  fail(error: unknown): void {
    const now = this.#services.clock.now();
    const isLate = now >= this.expiresAt;
    const sent = this.to === undefined ? 'yes' : sentOf(error);
    if (sent !== 'no') this.#services.onLost(this, now);
    this.#finish(isLate ? { type: 'expired' } : { type: 'failed', sent, error });
  }

  expire(): void {
    this.#finish({ type: 'expired' });
  }

  #finish(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#services.deadlines.remove(this.#slot, this);
    this.#resolve(outcome);
  }
}

function send(
  packet: Reserved,
  localHandler: IlpPacketHandler | undefined,
  deadline: number,
): Promise<Uint8Array> {
  try {
    const { prepare, to } = packet;
    if (to !== undefined) return to.link.send(prepare.bytes, { deadline });
    return localHandler?.(prepare.bytes) ?? Promise.reject(new Error('there is no local handler'));
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
}

function readReply(bytes: Uint8Array): Outcome {
  try {
    switch (packetType(bytes)) {
      case PacketType.fulfill:
        return { type: 'fulfill', bytes, fulfillment: decodeFulfill(bytes).fulfillment };
      case PacketType.reject:
        return { type: 'reject', bytes, reject: decodeReject(bytes) };
      default:
        return { type: 'garbage' };
    }
  } catch {
    return { type: 'garbage' };
  }
}
