import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';
import type { Clock } from '../environment.js';
import type { SendingConnection } from './sending-connection.js';
import type { Task } from './task.js';

/** Owns the clock, the timer and the link of a connection, and has no rules in it. */
export class SendingDriver {
  readonly #connection: SendingConnection;
  readonly #send: IlpPacketHandler;
  readonly #clock: Clock;
  #running:
    | { readonly task: Task; readonly finish: () => void; readonly fail: (error: unknown) => void }
    | undefined;
  #timer: unknown;
  /** When the timer fires. */
  #timerAt = Infinity;

  constructor(
    connection: SendingConnection,
    options: { readonly send: IlpPacketHandler; readonly clock: Clock },
  ) {
    this.#connection = connection;
    this.#send = options.send;
    this.#clock = options.clock;
  }

  /**
   * Does a task to its end. One at a time.
   * @param signal cancels it; what is in flight is still waited for.
   * @throws what is thrown on the way: by a fault of this package, or of a link that returns something else than bytes.
   */
  async run(task: Task, signal?: AbortSignal): Promise<void> {
    if (this.#running !== undefined) throw new Error('the connection is busy with another task');
    const cancel = (): void => {
      task.cancel({ type: 'aborted', reason: signal?.reason });
      this.#do();
    };
    try {
      await new Promise<void>((finish, fail) => {
        this.#running = { task, finish, fail };
        this.#connection.start(task);
        signal?.addEventListener('abort', cancel);
        if (signal?.aborted) cancel();
        else this.#do();
      });
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#running = undefined;
      this.#stopTimer();
    }
  }

  /** Something that the task waits for, and that no packet tells, has happened. */
  wake(): void {
    this.#do();
  }

  #pump(): void {
    for (;;) {
      const packet = this.#connection.poll(this.#clock.now());
      if (packet === undefined) break;
      const { sequence } = packet;
      this.#answer(packet.prepare).then(
        (reply) => this.#do(() => this.#connection.handleReply(sequence, reply, this.#clock.now())),
        (error: unknown) =>
          this.#do(() => this.#connection.handleFailure(sequence, error, this.#clock.now())),
      );
    }
    if (this.#running?.task.isFinished) this.#running.finish();
    else this.#setTimer();
  }

  /** A packet handler is not to throw, but whoever wrote this one may have erred. */
  #answer(prepare: Uint8Array): Promise<Uint8Array> {
    try {
      return this.#send(prepare);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Takes a fact in, then sends what follows from it. Whoever waits for the task hears of what goes wrong. */
  #do(fact?: () => void): void {
    try {
      fact?.();
      if (this.#running !== undefined) this.#pump();
    } catch (error) {
      if (this.#running === undefined) throw error;
      this.#running.fail(error);
    }
  }

  /** A timer that fires too early does no harm, so it is only replaced by an earlier one. */
  #setTimer(): void {
    const at = this.#connection.deadline() ?? Infinity;
    if (at >= this.#timerAt) return;
    this.#stopTimer();
    this.#timerAt = at;
    this.#timer = this.#clock.setTimeout(
      () => {
        this.#timerAt = Infinity;
        this.#do();
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
