import type { Clock } from '../environment.js';
import { IlpHttpError } from '../errors.js';

/** Given, so that no error with its stack is made for each request; whoever waits for the signal knows what it means. */
const OVER = 'over';

/** One of our requests, from `send` until its reply or failure: it settles exactly once. */
export class OpenRequest {
  readonly id: string;
  readonly octets: Uint8Array;
  readonly startedAt: number;
  readonly reply: Promise<Uint8Array>;
  /** Whether some attempt may have reached the peer. */
  left = false;
  /** The failure of the last attempt, while there may still be a reply. */
  lastError: IlpHttpError | undefined;
  readonly #controller = new AbortController();
  readonly #cleanUp: (() => void)[] = [];
  #attempting = false;
  #end: IlpHttpError | undefined;
  #resolve: (reply: Uint8Array) => void = () => undefined;
  #reject: (error: IlpHttpError) => void = () => undefined;
  #settled = false;

  constructor(id: string, octets: Uint8Array, now: number) {
    this.id = id;
    this.octets = octets;
    this.startedAt = now;
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get isSettled(): boolean {
    return this.#settled;
  }

  /** Comes when the request settles or is to end: attempts and waits stop. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the request at its deadline, or at the caller's signal. */
  limit(clock: Clock, deadline: number, signal: AbortSignal | undefined): void {
    const timer = clock.setTimeout(
      () => this.end('DEADLINE_PASSED', 'no reply before the deadline'),
      deadline - clock.now(),
    );
    this.#cleanUp.push(() => clock.clearTimeout(timer));
    if (signal === undefined) return;
    const abort = (): void => this.end('ABORTED', 'the caller cancelled', signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.#cleanUp.push(() => signal.removeEventListener('abort', abort));
  }

  /** Ends the request without a reply. An attempt that is under way ends first: it knows whether anything left. */
  end(code: 'DEADLINE_PASSED' | 'ABORTED' | 'CLOSING', message: string, reason?: unknown): void {
    if (this.#settled) {
      this.#finish();
      return;
    }
    if (this.#end !== undefined) return;
    const last = this.lastError === undefined ? '' : `, after: ${this.lastError.message}`;
    this.#end = new IlpHttpError(code, 'no', message + last, { cause: reason ?? this.lastError });
    this.#controller.abort(OVER);
    if (!this.#attempting) this.fail(this.#end);
  }

  /** Runs one attempt, which stops at {@link signal} at once. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    this.#attempting = true;
    try {
      return await work();
    } finally {
      this.#attempting = false;
      if (this.#settled) this.#finish();
    }
  }

  /**
   * An attempt goes on until its answer, or the deadline: where the reply came to the callback URL and overtook the 202,
   * ending it would cut a connection that is good.
   * @returns false if it was settled before: only the first reply counts.
   */
  succeed(reply: Uint8Array): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    if (!this.#attempting) this.#finish();
    this.#resolve(reply);
    return true;
  }

  fail(error: IlpHttpError): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#finish();
    this.#reject(this.#asKnown(this.#end ?? error));
  }

  /** An error says `no` only if no attempt has left. */
  #asKnown(error: IlpHttpError): IlpHttpError {
    if (!this.left || error.sent !== 'no') return error;
    const { code, message, cause, status } = error;
    return new IlpHttpError(code, 'unknown', message, { cause, status });
  }

  /** Nothing goes on any more. */
  #finish(): void {
    for (const cleanUp of this.#cleanUp) cleanUp();
    this.#controller.abort(OVER);
  }
}
