import { StreamErrorCode } from '../error-codes.js';
import { Announcement } from './announcement.js';
import { violation, type Violation } from './violation.js';

/** What an endpoint may open as long as the other one has not said (RFC 0029 3.3). */
export const DEFAULT_MAX_STREAM_ID = 20;

/**
 * The ids of a connection's streams: a client opens odd ones, a server even ones, each up to the limit that the other end
 * sets, and each once (RFC 0029 4.4.1). A limit of 20 leaves ten of each parity; every stream of the other end that is closed
 * makes room for one more. What is remembered of closed ones does not grow with their number.
 */
export class StreamIds {
  /** The highest id that the other endpoint may use. */
  readonly limit: Announcement<number> = new Announcement<number>(DEFAULT_MAX_STREAM_ID);
  readonly #remoteParity: 0 | 1;
  /** Ids up to the limit that the other endpoint has not used: never more than it may have streams at a time. */
  readonly #unopened = new Set<number>();
  #nextLocal: number;
  #remoteLimit = DEFAULT_MAX_STREAM_ID;
  #isRemoteLimitTold = false;

  constructor(role: 'client' | 'server', maxStreamId: number) {
    this.#nextLocal = role === 'client' ? 1 : 2;
    this.#remoteParity = role === 'client' ? 0 : 1;
    this.limit.raise(maxStreamId);
    for (let id = 2 - this.#remoteParity; id <= this.limit.value; id += 2) this.#unopened.add(id);
  }

  /** The highest id that may be opened here. */
  get remoteLimit(): number {
    return this.#remoteLimit;
  }

  /** The id that the next stream opened here will have. */
  get nextLocal(): number {
    return this.#nextLocal;
  }

  /** The id for a new stream; undefined where the other endpoint allows no more for now. */
  open(): number | undefined {
    if (this.#nextLocal > this.#remoteLimit) return undefined;
    const id = this.#nextLocal;
    this.#nextLocal += 2;
    return id;
  }

  /** The other endpoint allows ids up to this; it cannot take back what it has allowed. */
  raiseRemoteLimit(maxStreamId: number): void {
    if (!this.#isRemoteLimitTold || maxStreamId > this.#remoteLimit) {
      this.#remoteLimit = maxStreamId;
    }
    this.#isRemoteLimitTold = true;
  }

  /**
   * What an id that the other endpoint names stands for, beside the streams that are open: one that may be opened, one that
   * is closed, or a breach of the rules.
   */
  classify(id: number): 'new' | 'closed' | Violation {
    if (id % 2 !== this.#remoteParity || id === 0) {
      return id > 0 && id < this.#nextLocal
        ? 'closed'
        : violation(StreamErrorCode.ProtocolViolation, `stream ${id} is not yours to open`);
    }
    if (id > this.limit.value) {
      return violation(
        StreamErrorCode.StreamIdError,
        `stream ids go up to ${this.limit.value} here`,
      );
    }
    return this.#unopened.has(id) ? 'new' : 'closed';
  }

  /** The other endpoint opened this stream. */
  handleOpened(id: number): void {
    this.#unopened.delete(id);
  }

  /** A stream is over; one of the other endpoint's makes room for another. */
  handleClosed(id: number): void {
    if (id % 2 !== this.#remoteParity) return;
    const before = this.limit.value;
    this.limit.raise(before + 2);
    this.#unopened.add(before - (before % 2) + 2 - this.#remoteParity);
  }
}
