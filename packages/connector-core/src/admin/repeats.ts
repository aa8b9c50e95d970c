import { codeOf, HttpError } from '../http/errors.js';

/** Errors of requests that were not done. After any other one, such as a store that did not answer, nobody knows. */
const REFUSALS: ReadonlySet<string | undefined> = new Set([
  'BAD_SETTING',
  'NOT_CONFIGURED',
  'UNKNOWN_ACCOUNT',
]);
const MAX_KEYS = 1000;
const MAX_KEY_LENGTH = 255;

/**
 * Requests that are repeated under one Idempotency-Key are done once: the last thousand keys are remembered, those of requests that
 * failed too, unless they were refused: they may have been done all the same.
 */
export class Repeats<Result> {
  readonly #known = new Map<string, { readonly what: string; readonly result: Promise<Result> }>();

  /**
   * @param key undefined for a request that does not want this.
   * @param what the request in words; the same key for another one is refused.
   */
  async once(key: string | undefined, what: string, act: () => Promise<Result>): Promise<Result> {
    if (key === undefined) return act();
    if (key === '' || key.length > MAX_KEY_LENGTH) {
      throw new HttpError(
        400,
        'BAD_REQUEST',
        `Idempotency-Key must have 1 to ${MAX_KEY_LENGTH} characters`,
      );
    }
    const known = this.#known.get(key);
    if (known !== undefined) {
      if (known.what === what) return known.result;
      throw new HttpError(
        409,
        'IDEMPOTENCY_CONFLICT',
        'the Idempotency-Key was used for another request',
      );
    }
    const result = act();
    this.#known.set(key, { what, result });
    result.catch((error: unknown) => {
      if (REFUSALS.has(codeOf(error))) this.#known.delete(key);
    });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KEYS && oldest !== undefined) this.#known.delete(oldest);
    return result;
  }
}
