import { randomUuid, type Clock, type Logger, type RandomBytes } from '../../environment.js';
import { LedgerError, messageOf } from '../../errors.js';
import type { RedisConnection } from './connection.js';
import { Journal } from './journal.js';
import type { Operation } from './operations.js';

/** How a session runs. */
export interface SessionOptions {
  readonly connection: RedisConnection;
  readonly prefix: string;
  /** How long an operation is waited for, in milliseconds. */
  readonly timeoutMs: number;
  /** How long what was done is kept to be done again, in milliseconds. */
  readonly journalMs: number;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly logger: Logger;
}

/** What becomes of an operation that is not answered in time. */
export interface RequestOptions {
  /** Whether it is given up, as long as it has not been sent. Otherwise it is done late. */
  readonly canCancel?: boolean;
  /** Told of a result that came after its operation had been given up. */
  readonly onLate?: (result: unknown) => void;
}

interface Request extends RequestOptions {
  readonly operation: Operation;
  readonly deadline: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  isAnswered: boolean;
}

/** One batch takes at most so many operations: a script keeps everybody else waiting. */
const MAX_BATCH = 1000;

/**
 * This process at the servers: sends operations in numbered batches, one at a time; while one is on its way the next one gathers.
 * A batch is sent until it is answered, and done once, because the server remembers the number of the last. A server that
 * has forgotten batches (it crashed, or another took over) is told again what this process has been told is done.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #journal: Journal;
  #id: string;
  #store = '';
  #last = 0;
  #waiting: Request[] = [];
  #flying: Request[] = [];
  #isRunning = false;
  #isClosed = false;
  #timer: unknown;
  #isTimed = false;
  batches = 0;
  operations = 0;
  batchesRedone = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#journal = new Journal(options.journalMs);
    this.#id = newId(options.randomBytes);
  }

  /** Holds of this process. */
  get held(): number {
    return this.#journal.held.size;
  }

  /** Operations that have no answer yet. */
  get pending(): number {
    return this.#waiting.length + this.#flying.length;
  }

  /**
   * Has an operation done.
   * @returns its result.
   * @throws {@link LedgerError} `STORE_UNAVAILABLE` without a result in time, `UNKNOWN_ACCOUNT`, `OUT_OF_BALANCE`.
   */
  request(operation: Operation, options: RequestOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(unavailable('the store is closed'));
        return;
      }
      const deadline = this.#options.clock.now() + this.#options.timeoutMs;
      this.#waiting.push({ ...options, operation, deadline, resolve, reject, isAnswered: false });
      this.#watch(this.#options.timeoutMs);
      if (!this.#isRunning) void this.#run();
    });
  }

  /** Sends what waits, says that the session ends, and lets go of the connection. */
  async close(): Promise<void> {
    const ended = this.request(['end'], { canCancel: true });
    this.#isClosed = true;
    try {
      await ended;
    } catch (error) {
      this.#options.logger.warn('the session at Redis was not ended; it will be taken for dead', {
        error: messageOf(error),
      });
    } finally {
      this.#options.connection.close();
      this.#options.clock.clearTimeout(this.#timer);
    }
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // What else happens in this turn of the event loop goes into the same batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      this.#flying = this.#waiting.splice(0, MAX_BATCH);
      await this.#fly(this.#flying);
      this.#flying = [];
    }
    this.#isRunning = false;
  }

  async #fly(requests: readonly Request[]): Promise<void> {
    const operations = requests.map(({ operation }) => operation);
    try {
      const results = await this.#deliver(operations);
      this.operations += operations.length;
      this.#journal.record(this.#last, operations, results, this.#options.clock.now());
      for (const [i, request] of requests.entries()) answer(request, results[i]);
    } catch (error) {
      for (const request of requests) refuse(request, error);
    }
  }

  /** Has a batch done once, whatever it takes. */
  async #deliver(operations: readonly Operation[]): Promise<readonly unknown[]> {
    for (;;) {
      const [status, ...rest] = await this.#send(operations);
      switch (status) {
        case 'ok':
          this.#store = String(rest[0]);
          this.#last += 1;
          this.batches += 1;
          return rest[1] as readonly unknown[];
        case 'gap':
          await this.#redo(Number(rest[0]));
          break;
        case 'unknown':
          await this.#redo(0);
          break;
        case 'fenced':
          await this.#redo(Number(rest[0]), this.#id);
          break;
        case 'other':
          throw otherStore(rest as readonly string[]);
        default:
          throw new LedgerError('OUT_OF_BALANCE', String(rest[1]));
      }
    }
  }

  /** Tells a server again what it does not know. Under a new name, if it has taken the earlier one for dead. */
  async #redo(known: number, earlier?: string): Promise<void> {
    const { logger, randomBytes, clock } = this.#options;
    logger.warn(
      earlier === undefined
        ? 'Redis has forgotten what it had acknowledged; it is told again'
        : 'Redis has taken this process for dead; it is told what is still held',
      { known, acknowledged: this.#last },
    );
    this.batchesRedone += Math.max(0, this.#last - known);
    if (earlier !== undefined) this.#id = newId(randomBytes);
    this.#last = earlier === undefined ? known : 0;
    const operations: Operation[] = [
      ['rebase', [...this.#journal.held], earlier ?? false],
      ...this.#journal.effectsAfter(known),
    ];
    await this.#deliver(operations);
    this.#journal.renumber(known, this.#last, clock.now());
  }

  async #send(operations: readonly Operation[]): Promise<readonly unknown[]> {
    const { connection, prefix } = this.#options;
    const args = [
      prefix,
      this.#store,
      this.#id,
      String(this.#last + 1),
      JSON.stringify(operations),
    ];
    return JSON.parse(
      await connection.run(`${prefix}:session:${this.#id}`, args),
    ) as readonly unknown[];
  }

  #watch(delayMs: number): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#isTimed = false;
      this.#giveUp(this.#options.clock.now());
    }, delayMs);
  }

  /** Answers those that have waited too long. What has been sent, or must not be left out, is done all the same. */
  #giveUp(now: number): void {
    const late = `Redis has not answered within ${this.#options.timeoutMs} ms`;
    const error = unavailable(late);
    // Who reads this must not book it by hand.
    const goesOn = unavailable(`${late}; it is asked until it does`);
    const isLate = ({ deadline }: Request): boolean => deadline <= now;
    for (const request of [...this.#flying, ...this.#waiting]) {
      if (isLate(request)) refuse(request, request.canCancel === true ? error : goesOn);
    }
    this.#waiting = this.#waiting.filter((request) => !isLate(request) || !request.canCancel);
    const next = [...this.#flying, ...this.#waiting].find(({ isAnswered }) => !isAnswered);
    if (next !== undefined) this.#watch(Math.max(1, next.deadline - now));
  }
}

function answer(request: Request, result: unknown): void {
  if (Array.isArray(result) && result[0] === 'error') {
    refuse(request, new LedgerError('UNKNOWN_ACCOUNT', String(result[2])));
    return;
  }
  if (request.isAnswered) {
    request.onLate?.(result);
    return;
  }
  request.isAnswered = true;
  request.resolve(result);
}

function refuse(request: Request, error: unknown): void {
  if (request.isAnswered) return;
  request.isAnswered = true;
  request.reject(error);
}

function newId(randomBytes: RandomBytes): string {
  return randomUuid(randomBytes);
}

function unavailable(message: string): LedgerError {
  return new LedgerError('STORE_UNAVAILABLE', message);
}

function otherStore([id, format]: readonly (string | undefined)[]): LedgerError {
  return new LedgerError(
    'STORE_UNREADABLE',
    format === undefined || format === ''
      ? 'Redis has lost the store, or another one is in its place: nothing is done until this process is restarted'
      : `what is in Redis is of another format or another store: ${id ?? '?'}, format ${format}`,
  );
}
