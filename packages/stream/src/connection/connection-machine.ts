import type { IlpPrepare } from '@pennyswitch/ilp-packet';
import type { IlpAddress } from '@pennyswitch/ilp-address';
import type { RandomBytes } from '../environment.js';
import { StreamErrorCode } from '../error-codes.js';
import type { StreamPacket } from '../packet.js';
import type { ReceiverConnection } from '../receiver-connections.js';
import type { IncomingMoney, MoneyDecision } from '../receiver-money.js';
import { ConnectionState, type ConnectionFacts } from './connection-state.js';
import type { ConnectionEvent } from './events.js';
import { IncomingHalf, type Arrival } from './incoming.js';
import { SendingConnection, type OutgoingPacket } from './sending-connection.js';
import type { RateOptions } from './money-sender.js';
import { OutgoingHalf } from './outgoing.js';
import type { CloseReason, StreamState } from './stream-state.js';

/** What a {@link ConnectionMachine} is made of. */
export interface ConnectionMachineOptions {
  readonly facts: ConnectionFacts;
  /** The shared secret, and what credentials say of the connection. */
  readonly connection: ReceiverConnection;
  /** This end's address, or what else there is; packets always go to where the state says. */
  readonly fallbackAddress: IlpAddress;
  readonly rate: RateOptions;
  readonly randomBytes: RandomBytes;
  /** The last sequence that may have been used before; default none. */
  readonly lastSequence?: number;
}

/**
 * One end of a STREAM connection, client or server, without clock, timers, promises or dice. Facts go in with the time:
 *
 * - a Prepare of the other end: {@link handlePrepare}, then {@link reserve} and {@link settle}, unless one of them is the reply;
 * - a reply to a packet of this end: {@link handleReply}, {@link handleFailure};
 * - what the application wants: on {@link state} and its streams, by {@link openStream} and {@link close}.
 *
 * After each, {@link poll} gives packets until there are none, {@link takeEvent} says what happened, and {@link deadline} when
 * to poll again without any fact.
 */
export class ConnectionMachine {
  readonly state: ConnectionState;
  readonly sending: SendingConnection;
  readonly outgoing: OutgoingHalf;
  readonly #incoming: IncomingHalf;

  constructor(options: ConnectionMachineOptions) {
    const { facts, connection, randomBytes, lastSequence } = options;
    this.state = new ConnectionState(facts);
    this.#incoming = new IncomingHalf(this.state, connection, randomBytes);
    this.sending = new SendingConnection({
      credentials: {
        destination: facts.remoteAddress ?? options.fallbackAddress,
        sharedSecret: connection.credentials.sharedSecret,
      },
      randomBytes,
      policy: facts.policy,
      ...(lastSequence === undefined ? {} : { lastSequence }),
    });
    this.outgoing = new OutgoingHalf(this.state, this.sending, options.rate);
    this.sending.start(this.outgoing);
  }

  /** A packet that the other end has made. @returns its reply, or what may be accepted. */
  handlePrepare(prepare: IlpPrepare, request: StreamPacket, now: number): Uint8Array | Arrival {
    return this.#incoming.receive(prepare, request, now);
  }

  /** Sets room aside. @returns the reply where there is none, the money to decide about, or undefined where none came. */
  reserve(arrival: Arrival): Uint8Array | IncomingMoney | undefined {
    return this.#incoming.reserve(arrival);
  }

  /** Accepts a packet or does not. */
  settle(
    arrival: Arrival,
    decision: MoneyDecision | 'late' | 'failed',
    now: number,
  ): { readonly reply: Uint8Array; readonly isAccepted: boolean } {
    return this.#incoming.settle(arrival, decision, now);
  }

  handleReply(sequence: number, reply: Uint8Array, now: number): void {
    this.sending.handleReply(sequence, reply, now);
  }

  handleFailure(sequence: number, cause: unknown, now: number): void {
    this.sending.handleFailure(sequence, cause, now);
  }

  poll(now: number): OutgoingPacket | undefined {
    const packet = this.sending.poll(now);
    if (packet !== undefined) return packet;
    // A connection that nothing can be sent on any more ends without a packet.
    this.outgoing.handleTime(now);
    return undefined;
  }

  deadline(): number | undefined {
    // What became of money in flight is of interest to the end.
    const isSettled = this.state.phase === 'closed' && this.sending.amountInFlight === 0n;
    return isSettled ? undefined : this.sending.deadline();
  }

  takeEvent(): ConnectionEvent | undefined {
    return this.state.takeEvent();
  }

  /** A new stream; undefined where the other end allows no more for now. */
  openStream(): StreamState | undefined {
    const id = this.state.ids.open();
    return id === undefined ? undefined : this.state.addStream(id, true);
  }

  /** Closes the connection: after what was to be sent on all streams, or at once where there is an error to tell. */
  close(reason: CloseReason): void {
    const { state } = this;
    if (state.phase !== 'open') {
      if (reason.code !== StreamErrorCode.NoError) state.close(reason, undefined);
      return;
    }
    if (reason.code !== StreamErrorCode.NoError) {
      state.close(reason, undefined);
      return;
    }
    state.phase = 'draining';
    state.closing = reason;
    for (const stream of state.streams.values()) state.closeStream(stream, reason, true);
  }
}
