import type { StreamDataFrame } from '../frames.js';
import { ByteQueue } from './byte-queue.js';

/**
 * What one stream has to send. Bytes are cut into frames when they leave for the first time; a frame that gets lost leaves
 * again as it was, with the same offset and bytes (RFC 0029 5.3.11).
 */
export class SendBuffer {
  readonly #streamId: number;
  readonly #unsent = new ByteQueue();
  readonly #lost: StreamDataFrame[] = [];
  readonly #unacknowledged = new Set<StreamDataFrame>();
  /** The offset behind what has left at least once. */
  #sent = 0;
  #written = 0;
  #acknowledged = 0;

  constructor(streamId: number) {
    this.#streamId = streamId;
  }

  /** How many bytes the application has written in all. */
  get written(): number {
    return this.#written;
  }

  /** The offset behind what has left at least once: what counts against the limits of the other endpoint. */
  get sent(): number {
    return this.#sent;
  }

  /** How many bytes are kept: not sent, or sent and not acknowledged. */
  get kept(): number {
    return this.#written - this.#acknowledged;
  }

  /** How many bytes the other endpoint has acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** How many bytes have never left. */
  get unsent(): number {
    return this.#unsent.length;
  }

  /** Whether some bytes have never left. */
  get hasUnsent(): boolean {
    return this.#unsent.length > 0;
  }

  /** Whether some bytes have left, and it is not known that they have arrived. */
  get hasUnacknowledged(): boolean {
    return this.#unacknowledged.size > 0;
  }

  /** Whether some frame must be repeated. */
  get hasLost(): boolean {
    this.#dropAcknowledged();
    return this.#lost.length > 0;
  }

  write(bytes: Uint8Array): void {
    this.#unsent.push(bytes);
    this.#written += bytes.length;
  }

  /** The next frame to repeat, of at most so many bytes of data; undefined where there is none that fits. */
  takeLost(maxBytes: number): StreamDataFrame | undefined {
    this.#dropAcknowledged();
    const at = this.#lost.findIndex(({ data }) => data.length <= maxBytes);
    return at < 0 ? undefined : this.#lost.splice(at, 1)[0];
  }

  /** A new frame with up to so many bytes, which the other endpoint's limits must allow; undefined where there are none. */
  take(maxBytes: number): StreamDataFrame | undefined {
    if (maxBytes <= 0 || this.#unsent.length === 0) return undefined;
    const data = this.#unsent.shift(maxBytes);
    const frame: StreamDataFrame = {
      type: 'StreamData',
      streamId: this.#streamId,
      offset: this.#sent,
      data,
    };
    this.#sent += data.length;
    this.#unacknowledged.add(frame);
    return frame;
  }

  handleAcknowledged(frame: StreamDataFrame): void {
    if (this.#unacknowledged.delete(frame)) this.#acknowledged += frame.data.length;
  }

  handleLost(frame: StreamDataFrame): void {
    if (this.#unacknowledged.has(frame) && !this.#lost.includes(frame)) this.#lost.push(frame);
  }

  /** Forgets everything: the stream is over. */
  discard(): void {
    this.#unsent.clear();
    this.#lost.length = 0;
    this.#unacknowledged.clear();
    this.#acknowledged = this.#written;
  }

  /** A reply that came late may have settled what was thought to be lost. */
  #dropAcknowledged(): void {
    while (this.#lost[0] !== undefined && !this.#unacknowledged.has(this.#lost[0])) {
      this.#lost.shift();
    }
  }
}
