import { createHash } from 'node:crypto';

/** What became of a request of the peer. */
export interface RememberedRequest {
  /** In lower case. */
  readonly id: string;
  /** As the peer wrote it, which is how it wants it back. */
  writtenId: string;
  /** Tells another packet under the same id from a repeated one. */
  readonly digest: string;
  readonly arrivedAt: number;
  /** The reply, as soon as the handler has it; rejects if it failed. */
  outcome: Promise<Uint8Array> | undefined;
  state: 'running' | 'replied' | 'delivered' | 'undelivered' | 'failed';
  /** What it takes in memory. */
  bytes: number;
}

/** Roughly what an entry takes beside its reply. */
const ENTRY_BYTES = 512;

/**
 * The peer's requests by their Request-Id, so that a repeated one is not handled twice: a Prepare that is forwarded
 * twice costs twice. Finished ones are forgotten after a time, or when they take too much memory.
 */
export class RequestMemory {
  readonly #rememberMs: number;
  readonly #maxBytes: number;
  /** In order of arrival. */
  readonly #requests = new Map<string, RememberedRequest>();
  #bytes = 0;

  constructor(rememberMs: number, maxBytes: number) {
    this.#rememberMs = rememberMs;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#requests.size;
  }

  find(id: string, now: number): RememberedRequest | undefined {
    this.#forgetOld(now);
    return this.#requests.get(id);
  }

  add(id: string, octets: Uint8Array, now: number): RememberedRequest {
    const request: RememberedRequest = {
      id,
      writtenId: id,
      digest: digestOf(octets),
      arrivedAt: now,
      outcome: undefined,
      state: 'running',
      bytes: ENTRY_BYTES,
    };
    this.#requests.set(id, request);
    this.#bytes += ENTRY_BYTES;
    this.#forgetOld(now);
    return request;
  }

  /** Notes the reply's size. */
  grow(request: RememberedRequest, bytes: number, now: number): void {
    if (this.#requests.get(request.id) !== request) return;
    request.bytes += bytes;
    this.#bytes += bytes;
    this.#forgetOld(now);
  }

  /** The reply is not needed any more, only that the request was seen. */
  dropReply(request: RememberedRequest): void {
    request.outcome = undefined;
    if (this.#requests.get(request.id) !== request) return;
    this.#bytes -= request.bytes - ENTRY_BYTES;
    request.bytes = ENTRY_BYTES;
  }

  #forgetOld(now: number): void {
    for (const [id, request] of this.#requests) {
      const isOld = now - request.arrivedAt >= this.#rememberMs;
      if (!isOld && this.#bytes <= this.#maxBytes) return;
      if (request.state === 'running' || request.state === 'replied') continue;
      this.#requests.delete(id);
      this.#bytes -= request.bytes;
    }
  }
}

/** SHA-256. */
export function digestOf(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('base64');
}
