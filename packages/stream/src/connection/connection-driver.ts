import type { IlpPacketHandler, IlpPrepare } from '@pennyswitch/ilp-packet';
import type { Clock, Logger } from '../environment.js';
import type { StreamPacket } from '../packet.js';
import { decideInTime } from '../receiver-decision.js';
import type { IncomingMoney, MoneyDecision } from '../receiver-money.js';
import type { ConnectionMachine } from './connection-machine.js';
import type { ConnectionEvent } from './events.js';

/** What a connection asks the application, and tells it, about money that comes in. */
export interface IncomingMoneyListeners {
  /** Decides about each packet of money before it is fulfilled; without it all money is accepted. */
  readonly onMoney?: (money: IncomingMoney) => MoneyDecision | PromiseLike<MoneyDecision>;
  /** Told of each packet that `onMoney` accepted but that was not fulfilled, because it was too late. */
  readonly onUndo?: (money: IncomingMoney) => void;
}

/** Owns the clock, the timer and the link of a connection's machine, and has no rules in it. */
export class ConnectionDriver {
  readonly #machine: ConnectionMachine;
  readonly #send: IlpPacketHandler;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #listeners: IncomingMoneyListeners;
  readonly #onEvent: (event: ConnectionEvent) => void;
  #timer: unknown;
  /** When the timer fires. */
  #timerAt = Infinity;

  constructor(options: {
    readonly machine: ConnectionMachine;
    readonly send: IlpPacketHandler;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly listeners: IncomingMoneyListeners;
    readonly onEvent: (event: ConnectionEvent) => void;
  }) {
    this.#machine = options.machine;
    this.#send = options.send;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#listeners = options.listeners;
    this.#onEvent = options.onEvent;
  }

  /** Answers a packet that the other end has made. */
  async handle(prepare: IlpPrepare, request: StreamPacket): Promise<Uint8Array> {
    const machine = this.#machine;
    try {
      const arrival = machine.handlePrepare(prepare, request, this.#clock.now());
      // The application may set limits of a stream that has just opened, before its first money is accepted.
      this.#dispatch();
      if (arrival instanceof Uint8Array) return arrival;
      const money = machine.reserve(arrival);
      if (money instanceof Uint8Array) return money;
      const decision = money === undefined ? 'accept' : await this.#decide(money);
      const { reply, isAccepted } = machine.settle(arrival, decision, this.#clock.now());
      if (money !== undefined && decision === 'accept' && !isAccepted) this.#undo(money);
      // Who reads now makes room before the sender asks for it.
      this.#dispatch();
      return reply;
    } finally {
      // What follows is sent when the reply is on its way.
      this.#clock.setTimeout(() => this.pump(), 0);
    }
  }

  /** Sends what there is to send, tells what happened, and sets the timer. Called after everything that was done. */
  pump(): void {
    this.#dispatch();
    for (;;) {
      const packet = this.#machine.poll(this.#clock.now());
      if (packet === undefined) break;
      const { sequence } = packet;
      this.#answer(packet.prepare).then(
        (reply) => {
          this.#machine.handleReply(sequence, reply, this.#clock.now());
          this.pump();
        },
        (error: unknown) => {
          this.#machine.handleFailure(sequence, error, this.#clock.now());
          this.pump();
        },
      );
    }
    this.#dispatch();
    this.#setTimer();
  }

  async #decide(money: IncomingMoney): Promise<MoneyDecision | 'late' | 'failed'> {
    const { onMoney } = this.#listeners;
    if (onMoney === undefined) return 'accept';
    try {
      return await decideInTime(onMoney, money, this.#clock, (late) => {
        if (late === 'accept') this.#undo(money);
      });
    } catch (error) {
      this.#logger.error('could not decide about a packet of money', { error });
      return 'failed';
    }
  }

  #undo(money: IncomingMoney): void {
    this.#clock.setTimeout(() => {
      try {
        this.#listeners.onUndo?.(money);
      } catch (error) {
        this.#logger.error('a listener for money failed', { error });
      }
    }, 0);
  }

  #dispatch(): void {
    for (;;) {
      const event = this.#machine.takeEvent();
      if (event === undefined) return;
      try {
        this.#onEvent(event);
      } catch (error) {
        this.#logger.error('a listener of a connection failed', { error });
      }
    }
  }

  /** A packet handler is not to throw, but whoever wrote this one may have erred. */
  #answer(prepare: Uint8Array): Promise<Uint8Array> {
    try {
      return this.#send(prepare);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** A timer that fires too early does no harm, so it is only replaced by an earlier one. */
  #setTimer(): void {
    const at = this.#machine.deadline() ?? Infinity;
    if (at === Infinity) this.#stopTimer();
    if (at >= this.#timerAt) return;
    this.#stopTimer();
    this.#timerAt = at;
    this.#timer = this.#clock.setTimeout(
      () => {
        this.#timerAt = Infinity;
        this.pump();
      },
      Math.max(0, at - this.#clock.now()),
    );
  }

  #stopTimer(): void {
    if (this.#timerAt === Infinity) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timerAt = Infinity;
  }
}
