import {
  createLocalJWKSet,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from 'jose';
import { describe } from '../client/transport.js';
import type { Environment } from '../environment.js';

/** Fetches a key set; the platform's `fetch`, unless the application has another one. */
export type FetchKeys = (url: URL, init: RequestInit) => Promise<Response>;

/** A fetched set is used without asking again for so long. */
const FRESH_MS = 600_000;
/** And for so long where it cannot be fetched again: a peer's web server that is down must not stop payments at once. */
const STALE_MS = 3_600_000;
/** A key that is not in the set is looked for again, but not more often than this: anybody may ask for unknown keys. */
const COOL_DOWN_MS = 30_000;
/** After a failure, the next attempt. */
const RETRY_MS = 5000;
const TIMEOUT_MS = 5000;
/** Sets hold a few keys of some hundred bytes each. */
const MAX_BYTES = 262_144;

/** There are no keys, as they could not be fetched: nothing can be said about a token for now. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

type Keys = ReturnType<typeof createLocalJWKSet>;
type Key = Awaited<ReturnType<Keys>>;

/** The public keys of a peer that publishes them (RFC 7517), fetched when they are needed and kept for a time. */
export class KeySet {
  readonly #url: URL;
  readonly #fetch: FetchKeys;
  readonly #environment: Environment;
  #keys: Keys | undefined;
  #fetchedAt = -Infinity;
  #failedAt = -Infinity;
  #fetching: Promise<void> | undefined;

  constructor(url: URL, fetchKeys: FetchKeys | undefined, environment: Environment) {
    this.#url = url;
    this.#fetch = fetchKeys ?? fetch;
    this.#environment = environment;
  }

  /** The key that a token's header names. @throws KeysUnavailable, or jose's errors for no key and for several. */
  readonly find = async (header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<Key> => {
    const age = this.#now() - this.#fetchedAt;
    if (age >= FRESH_MS) await this.#refresh();
    const keys = this.#keys;
    if (keys === undefined || this.#now() - this.#fetchedAt >= STALE_MS) {
      throw new KeysUnavailable('the key set could not be fetched');
    }
    return keys(header, token);
  };

  /** The keys may have been changed: looks again, if that was not done just now. @returns whether it did. */
  async lookAgain(): Promise<boolean> {
    const before = this.#fetchedAt;
    if (this.#now() - before < COOL_DOWN_MS) return false;
    await this.#refresh();
    return this.#fetchedAt !== before;
  }

  /** Never rejects: what was there before stays. */
  #refresh(): Promise<void> {
    if (this.#now() - this.#failedAt < RETRY_MS) return Promise.resolve();
    this.#fetching ??= this.#load().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #load(): Promise<void> {
    const { clock, logger } = this.#environment;
    const controller = new AbortController();
    const timer = clock.setTimeout(() => controller.abort(), TIMEOUT_MS);
    try {
      const response = await this.#fetch(this.#url, {
        headers: { accept: 'application/jwk-set+json, application/json' },
        redirect: 'error',
        signal: controller.signal,
      });
      if (response.status !== 200) throw new Error(`HTTP status ${response.status}`);
      this.#keys = createLocalJWKSet(JSON.parse(await textOf(response)) as JSONWebKeySet);
      this.#fetchedAt = this.#now();
    } catch (error) {
      this.#failedAt = this.#now();
      const { host } = this.#url;
      logger.warn('a key set could not be fetched', { host, error: describe(error) });
    } finally {
      clock.clearTimeout(timer);
    }
  }

  #now(): number {
    return this.#environment.clock.now();
  }
}

/** @throws for one that is too long. */
async function textOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  for (;;) {
    const part = await reader?.read();
    if (part?.value === undefined) return text + decoder.decode();
    length += part.value.length;
    if (length > MAX_BYTES) {
      await reader?.cancel();
      throw new Error(`more than ${MAX_BYTES} bytes`);
    }
    text += decoder.decode(part.value, { stream: true });
  }
}
