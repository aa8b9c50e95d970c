import { MAX_DATA_LENGTH } from '@pennyswitch/ilp-packet';
import type { Clock } from '../environment.js';
import { ConnectorError } from '../errors.js';
import { writeQuantity, type Quantity } from './quantity.js';

/** The part of the global `fetch` that is used here, so that tests and proxies can stand in for it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** An engine that answered something else than success. */
export class SettlementEngineError extends Error {
  override readonly name = 'SettlementEngineError';
  readonly code = 'ENGINE_REFUSED';
  /** The HTTP status. */
  readonly status: number;

  constructor(request: string, status: number) {
    super(`the settlement engine answered ${request} with ${status}`);
    this.status = status;
  }
}

/** What an engine answered to a message of the peer's engine. */
export interface EngineReply {
  readonly status: number;
  /** Longer than a packet's data may be where it was cut off. */
  readonly body: Uint8Array;
}

type EngineRequest = Omit<RequestInit, 'headers'> & {
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
};

/** The longest wait for one response, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** The engine's side of one account's HTTP API (RFC 0038 "Settlement Engine HTTP API"): one request per call, no retries. */
export class SettlementEngineClient {
  readonly #account: string;
  readonly #base: string;
  readonly #token: string | undefined;
  readonly #fetch: Fetch;
  readonly #clock: Clock;

  constructor(options: {
    readonly account: string;
    readonly engineUrl: string | URL;
    /** Sent as a bearer token. */
    readonly engineToken?: string | undefined;
    readonly fetch: Fetch;
    readonly clock: Clock;
  }) {
    this.#account = options.account;
    this.#base = String(options.engineUrl).replace(/\/+$/, '');
    this.#token = options.engineToken;
    this.#fetch = options.fetch;
    this.#clock = options.clock;
  }

  /** Tells the engine of the account (RFC 0038 "Setup an account"). */
  async createAccount(signal: AbortSignal): Promise<void> {
    await this.#expectSuccess('POST /accounts', '/accounts', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: this.#account }),
      signal,
    });
  }

  /** Tells the engine that the account is gone (RFC 0038 "Delete an account"). One that it does not know is gone. */
  async deleteAccount(signal: AbortSignal): Promise<void> {
    try {
      await this.#expectSuccess('DELETE /accounts/:id', this.#path(), { method: 'DELETE', signal });
    } catch (error) {
      if (!(error instanceof SettlementEngineError && error.status === 404)) throw error;
    }
  }

  /** Asks for a settlement (RFC 0038 "Perform outgoing settlement"); the same key never settles twice. */
  async settle(key: string, quantity: Quantity, signal: AbortSignal): Promise<void> {
    await this.#expectSuccess('POST /accounts/:id/settlements', this.#path('/settlements'), {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify(writeQuantity(quantity)),
      signal,
    });
  }

  /** Hands the engine a message of the peer's engine (RFC 0038 "Handle incoming message"). */
  async deliverMessage(message: Uint8Array, signal: AbortSignal): Promise<EngineReply> {
    return this.#request(this.#path('/messages'), {
      method: 'POST',
      headers: {
        accept: 'application/octet-stream',
        'content-type': 'application/octet-stream',
      },
      body: message.slice(),
      signal,
    });
  }

  #path(rest = ''): string {
    return `/accounts/${encodeURIComponent(this.#account)}${rest}`;
  }

  async #expectSuccess(name: string, path: string, init: EngineRequest): Promise<void> {
    const { status } = await this.#request(path, init);
    if (status < 200 || status > 299) throw new SettlementEngineError(name, status);
  }

  /** One request with a time limit on head and body. */
  async #request(path: string, init: EngineRequest): Promise<EngineReply> {
    const controller = new AbortController();
    const abort = (): void => {
      controller.abort();
    };
    init.signal.addEventListener('abort', abort);
    let timer: unknown;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = this.#clock.setTimeout(() => {
        abort();
        reject(new ConnectorError('TIMEOUT', `no answer within ${TIMEOUT_MS} ms`));
      }, TIMEOUT_MS);
    });
    const answer = async (): Promise<EngineReply> => {
      const authorization =
        this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
      const response = await this.#fetch(this.#base + path, {
        ...init,
        headers: { ...init.headers, ...authorization },
        // A POST that is redirected with 301, 302 or 303 becomes a GET: whatever page is there would count as a settlement.
        redirect: 'manual',
        signal: controller.signal,
      });
      return { status: response.status, body: await readBody(response) };
    };
    try {
      return await Promise.race([answer(), timeout]);
    } finally {
      init.signal.removeEventListener('abort', abort);
      this.#clock.clearTimeout(timer);
    }
  }
}

/** A body until it is too long for a message: what comes behind that is not read. */
async function readBody(response: Response): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (reader !== undefined && length <= MAX_DATA_LENGTH) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    length += value.length;
  }
  if (length > MAX_DATA_LENGTH) await reader?.cancel();
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
