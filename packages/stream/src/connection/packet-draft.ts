import type { IlpAddress } from '@pennyswitch/ilp-address';
import type { StreamFrame } from '../frames.js';
import { sizeOfFrame } from '../frames-codec.js';
import { MAX_STREAM_PACKET_LENGTH } from '../packet.js';
import type { Announcement } from './announcement.js';
import type { MoneyPart } from './outgoing-money.js';
import type { StreamState } from './stream-state.js';
import type { Draft } from './task.js';

/** What stands before the frames at most: version, type, sequence, amount, count. */
const HEADER_LENGTH = 32;

/** What is to be done when it is known whether the other end has a frame. Each may be called more than once. */
interface Delivery {
  readonly handleAcknowledged: () => void;
  readonly handleLost: () => void;
}

/** What a packet is for, where it is not for its frames. */
export type PacketPurpose =
  | 'frames'
  /** Asks whether the other end is at a new address. */
  | 'validation'
  /** Finds out what arrives of its amount, without moving money. */
  | 'probe';

/** A packet as it is put together, and what follows when it arrives or does not. */
export class PacketDraft implements Draft {
  amount = 0n;
  minimum = 0n;
  frames: StreamFrame[] = [];
  readonly fulfillable: boolean;
  readonly destination: IlpAddress;
  readonly purpose: PacketPurpose;
  padTo: number | undefined;
  /** The money in it, and whose it is. */
  money: readonly MoneyPart[] = [];
  streams: readonly StreamState[] = [];
  /** Whether its time was over before a reply came. */
  wasUnknown = false;
  #deliveries: Delivery[] = [];
  #length = HEADER_LENGTH;

  constructor(destination: IlpAddress, purpose: PacketPurpose = 'frames') {
    this.destination = destination;
    this.purpose = purpose;
    this.fulfillable = purpose !== 'probe';
  }

  /** Only money is worth to be remembered when its reply does not come. */
  get isForgotten(): boolean {
    return this.money.length === 0;
  }

  /** How many bytes of frames fit in yet. */
  get room(): number {
    return MAX_STREAM_PACKET_LENGTH - this.#length;
  }

  add(frame: StreamFrame, delivery?: Delivery): void {
    this.frames.push(frame);
    this.#length += sizeOfFrame(frame);
    if (delivery !== undefined) this.#deliveries.push(delivery);
  }

  /** Adds a frame that tells a number; `frameOf` gets the number. */
  announce<Value extends number | bigint>(
    announcement: Announcement<Value>,
    frameOf: (value: Value) => StreamFrame,
  ): void {
    const value = announcement.tell();
    this.add(frameOf(value), {
      handleAcknowledged: () => announcement.handleAcknowledged(value),
      handleLost: () => announcement.handleLost(value),
    });
  }

  /** Makes it this long, in bytes before encryption, where it is shorter. */
  pad(length: number, announcement: Announcement<number>): void {
    const value = announcement.tell();
    this.padTo = length;
    this.#deliveries.push({
      handleAcknowledged: () => announcement.handleAcknowledged(value),
      handleLost: () => announcement.handleLost(value),
    });
  }

  /** The other end has it. */
  handleAcknowledged(): void {
    for (const delivery of this.#deliveries) delivery.handleAcknowledged();
    this.#forget();
  }

  /** The other end does not have it, or nobody knows. */
  handleLost(): void {
    for (const delivery of this.#deliveries) delivery.handleLost();
    this.#forget();
  }

  /** A packet that is waited for without end keeps nothing but its money. */
  #forget(): void {
    this.frames = [];
    this.#deliveries = [];
  }
}
