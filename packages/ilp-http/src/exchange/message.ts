import type { Headers } from '../headers.js';

/** A request as a server got it, its body not read yet. */
export interface IncomingMessage {
  readonly headers: Headers;
  /** @throws {@link HttpRefusal} for a body that is too long, too slow or cut off. */
  readBody(limit: { readonly maxBytes: number; readonly timeoutMs: number }): Promise<Uint8Array>;
}

/** What the server answers. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** What is to be done when the answer is on its way. */
  readonly afterwards?: () => void;
  /** What is to be done when the client has taken the answer, or its connection ended: until then it counts as in flight. */
  readonly finished?: () => void;
}

/** A request that gets an HTTP error. The message goes to the peer: nothing about this node. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** The answer to a refused request. */
export function refusalAnswer(refusal: HttpRefusal): Answer {
  return {
    status: refusal.status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...refusal.headers },
    body: new TextEncoder().encode(`${refusal.message}\n`),
  };
}
