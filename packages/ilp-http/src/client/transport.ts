import type { Headers } from '../headers.js';

/** One POST. */
export interface HttpRequest {
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What came back, body complete and within the limit. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** The certificate that we show and the authorities that we believe, PEM; the system's where none is given. */
export interface IlpHttpClientTls {
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** The name to ask for and to check, where it is not the URL's host. */
  readonly servername?: string;
}

/** The numbers and keys that transports need. */
export interface TransportOptions {
  readonly tls: IlpHttpClientTls;
  readonly maxBodyBytes: number;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  readonly keepAliveMs: number;
}

/**
 * Sends requests to one origin, over one version of HTTP. It never repeats a request by itself, and never follows a
 * redirect: our token goes to the configured URL only.
 */
export interface Transport {
  /** @throws {@link TransportError} where there is no answer. */
  post(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  /** Takes no more requests; its connections end with what is in flight on them. */
  retire(): void;
  /** Ends all connections. What is in flight fails. */
  destroy(): void;
}

/** No answer. `left` is whether the peer may have got the request. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly kind: 'unreachable' | 'lost' | 'too-large' | 'aborted';
  readonly left: boolean;

  constructor(kind: TransportError['kind'], left: boolean, message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
    this.left = left;
  }
}

/** What an error says, without its stack. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return `${error.message === '' ? error.name : error.message}${code}`;
}

/** Why a request without an answer failed, as an error of the transport. */
export function failure(left: boolean, error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  return left
    ? new TransportError('lost', true, `the connection ended: ${describe(error)}`, error)
    : new TransportError('unreachable', false, `no connection: ${describe(error)}`, error);
}

/** Puts a body together that must not be longer than the limit. */
export class BodyCollector {
  readonly #limit: number;
  #length = 0;
  readonly #chunks: Uint8Array[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns false if the body is too long now. */
  add(chunk: Uint8Array): boolean {
    this.#length += chunk.length;
    if (this.#length > this.#limit) return false;
    this.#chunks.push(chunk);
    return true;
  }

  /** A copy of its own: chunks may be views of larger buffers. */
  body(): Uint8Array {
    const body = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      body.set(chunk, at);
      at += chunk.length;
    }
    return body;
  }
}
