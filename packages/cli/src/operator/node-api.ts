import { CommandFailure, ExitCode } from '../exit-codes.js';

/** Where a node's admin API is, and how to get in. */
export interface NodeApiOptions {
  readonly url: string;
  /** Undefined where nobody has said; then the node refuses. */
  readonly token: string | undefined;
  readonly fetch?: typeof fetch;
}

/** How long a node may take for an answer, in milliseconds; removing an account waits for its packets. */
const TIMEOUT_MS = 60_000;

/** A node's admin API, with failures that a person can do something about. */
export class NodeApi {
  readonly #url: string;
  readonly #token: string | undefined;
  readonly #fetch: typeof fetch;

  constructor({ url, token, fetch: given }: NodeApiOptions) {
    this.#url = url.replace(/\/+$/, '');
    this.#token = token;
    this.#fetch = given ?? fetch;
  }

  /** Reads something. */
  get<T>(path: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<T> {
    const given = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    );
    const text = new URLSearchParams(given).toString();
    return this.#ask<T>('GET', text === '' ? path : `${path}?${text}`);
  }

  /** Changes something. */
  send<T>(
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    return this.#ask<T>(method, path, body, headers);
  }

  async #ask<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    let response: Response;
    try {
      response = await this.#fetch(this.#url + path, {
        method,
        headers: {
          ...headers,
          ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (cause) {
      throw new CommandFailure(
        ExitCode.nodeUnreachable,
        `no node answers at ${this.#url} (${reasonOf(cause)}). Is it running, with admin: { port, token } in its configuration? Say where with --config or --admin`,
        { cause },
      );
    }
    if (response.ok) return (await readJson(response)) as T;
    throw await this.#refusal(response);
  }

  async #refusal(response: Response): Promise<CommandFailure> {
    if (response.status === 401) {
      const hint =
        this.#token === undefined
          ? 'needs a token: set PENNYSWITCH_ADMIN_TOKEN, or use --token-file or --config'
          : 'refused the token';
      return new CommandFailure(ExitCode.nodeRefused, `the node at ${this.#url} ${hint}`);
    }
    const body = await readJson(response).catch(() => undefined);
    const message = messageIn(body);
    return message === undefined
      ? new CommandFailure(
          ExitCode.nodeUnreachable,
          `${this.#url} answered ${response.status}: that is no admin API of a node`,
        )
      : new CommandFailure(ExitCode.nodeError, message);
  }
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
}

function messageIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined;
  const { error } = body;
  if (typeof error !== 'object' || error === null || !('message' in error)) return undefined;
  return typeof error.message === 'string' ? error.message : undefined;
}

/** What the system says, which `fetch` hides one level below. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return error.message;
}
