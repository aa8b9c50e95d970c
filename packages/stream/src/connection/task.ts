import type { IlpAddress } from '@pennyswitch/ilp-address';
import type { IlpErrorCode } from '@pennyswitch/ilp-packet';
import type { StreamFrame } from '../frames.js';
import type { StreamPacket } from '../packet.js';

/** A packet that a task wants to send. */
export interface Draft {
  /** In source units, 0 to 2^64 - 1. */
  readonly amount: bigint;
  /** The least that the receiver may accept, in its units. */
  readonly minimum: bigint;
  /** What may arrive at most, as the task reckons, in the receiver's units: for the task's own books. */
  readonly expected?: bigint;
  readonly frames: readonly StreamFrame[];
  /** Zero bytes are added up to this length, in bytes before encryption; default none. */
  readonly padTo?: number | undefined;
  /** Whether the receiver shall be able to fulfill it. A probe is not fulfillable: no money moves. */
  readonly fulfillable: boolean;
  /** Where it goes, if not to the address in the credentials. */
  readonly destination?: IlpAddress;
  /** Whether a reply that comes after its expiry is of no use any more; default false. */
  readonly isForgotten?: boolean;
}

/** What became of a packet. */
export type Outcome =
  | FulfilledOutcome
  | RejectedOutcome
  /** No reply until after its expiry, or the link failed: money may have moved, or not. A later reply is reported as such. */
  | { readonly type: 'unknown'; readonly sentAt: number; readonly cause?: unknown };

/** The receiver took the packet: it proved so, whatever became of the data of its reply. */
export interface FulfilledOutcome {
  readonly type: 'fulfilled';
  readonly sentAt: number;
  /** What the receiver says has arrived; undefined where its data did not come through. */
  readonly arrived: bigint | undefined;
  /** The receiver's own words: authentic, of this packet; undefined where a hop has stripped or changed them. */
  readonly reply: StreamPacket | undefined;
}

/** Somebody on the path did not take the packet: no money moved. */
export interface RejectedOutcome {
  readonly type: 'rejected';
  readonly sentAt: number;
  readonly code: IlpErrorCode;
  /** The node that rejected, as it says; empty where it does not. */
  readonly triggeredBy: string;
  /** Comes from others: escape it before printing. */
  readonly message: string;
  /** What the receiver says has arrived; undefined where it was not the receiver that rejected. */
  readonly arrived: bigint | undefined;
  readonly reply: StreamPacket | undefined;
  /** Of the Reject; F08 tells amounts in it. */
  readonly data: Uint8Array;
  /** Made up here: the reply was no valid ILP packet, or a Fulfill that proves nothing. */
  readonly isLocal: boolean;
}

/** Why a task is to stop: the caller wants it (with the reason of its AbortSignal), or no packet is left (2^31 were sent). */
export type CancelReason =
  { readonly type: 'aborted'; readonly reason: unknown } | { readonly type: 'exhausted' };

/**
 * Something that a connection is asked to do: find the rate, move money, close. It decides on packets and hears what becomes of
 * them; the connection sends them.
 */
export interface Task {
  /** Told the time before anything else, at every fact and deadline. */
  handleTime(now: number): void;
  /** The next packet to send; undefined where there is nothing to send now. It counts as sent when it is returned. */
  next(now: number): Draft | undefined;
  /** Told once about each packet of this task, and once more if a reply comes after it was reported unknown. */
  handleOutcome(draft: Draft, outcome: Outcome, now: number): void;
  /** Stops sending; what is in flight is still waited for. */
  cancel(reason: CancelReason): void;
  /** The next moment after this one at which `next` may have something new to say; undefined for none. */
  deadline(after: number): number | undefined;
  /** Whether there is nothing left to send or to wait for. */
  readonly isFinished: boolean;
}
