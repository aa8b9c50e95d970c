import { hmacSha256 } from '#crypto';
import type { Clock, RandomBytes } from './environment.js';
import { systemClock } from './environment.js';
import { hex } from './hex.js';
import { secureRandomBytes } from './random.js';
import {
  RECEIPT_NONCE_LENGTH,
  RECEIPT_SECRET_LENGTH,
  verifyReceipt,
  type Receipt,
  type ReceiptSetup,
} from './receipt.js';

/** Remembers the highest total that was shown for each stream, so that no unit is credited twice. */
export interface ReceiptStore {
  /**
   * Raises what is remembered for this stream to `total`, in one atomic step, and returns by how much it was raised: 0n for
   * a total that is not higher than what is there.
   * @param key names connection and stream.
   * @param expiresAt from then on, in milliseconds since 1970, the key may be forgotten.
   */
  raise(key: string, total: bigint, expiresAt: number): bigint | Promise<bigint>;
}

/** A {@link ReceiptStore} in memory: for one process, lost when it ends. Forgets what is too old to be verified. */
export class MemoryReceiptStore implements ReceiptStore {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #totals = new Map<string, { total: bigint; readonly expiresAt: number }>();

  constructor(options: { readonly clock?: Pick<Clock, 'now'> } = {}) {
    this.#clock = options.clock ?? systemClock;
  }

  /** How many streams are remembered. */
  get size(): number {
    return this.#totals.size;
  }

  raise(key: string, total: bigint, expiresAt: number): bigint {
    this.#forgetOld();
    const known = this.#totals.get(key);
    if (known === undefined) {
      this.#totals.set(key, { total, expiresAt });
      return total;
    }
    if (total <= known.total) return 0n;
    const raise = total - known.total;
    known.total = total;
    return raise;
  }

  /** Looks at the oldest entries only: they were put in roughly in the order in which they expire. */
  #forgetOld(): void {
    const now = this.#clock.now();
    for (const [key, { expiresAt }] of this.#totals) {
      if (expiresAt > now) return;
      this.#totals.delete(key);
    }
  }
}

/** What a receipt was worth. */
export type ReceiptVerdict =
  | {
      readonly valid: true;
      readonly receipt: Receipt;
      /** What is new since the best receipt of this stream so far; 0n for one shown again, or out of order. */
      readonly credited: bigint;
    }
  | { readonly valid: false; readonly reason: 'malformed-or-forged' | 'stale' };

/** How a {@link ReceiptVerifier} works. */
export interface ReceiptVerifierOptions {
  /** 32 random bytes of the verifier's own: all receipt secrets follow from it. */
  readonly secret: Uint8Array;
  /** How long after {@link ReceiptVerifier.createSetup} receipts are credited, in milliseconds; default one hour. */
  readonly maxAgeMs?: number;
  readonly store: ReceiptStore;
  readonly clock?: Pick<Clock, 'now'>;
  readonly randomBytes?: RandomBytes;
}

const TIME_LENGTH = 6;
const HOUR_MS = 3_600_000;

/**
 * The verifier of RFC 0039: hands out nonce and secret for a connection, and credits the receipts that come back. It keeps
 * nothing per connection but the totals: the secret is an HMAC of the nonce ("Stateless Verifier"), and the nonce begins with
 * the time at which it was made, in milliseconds, which tells whether a receipt is stale.
 */
export class ReceiptVerifier {
  readonly #secret: Uint8Array;
  readonly #maxAgeMs: number;
  readonly #store: ReceiptStore;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #randomBytes: RandomBytes;

  constructor(options: ReceiptVerifierOptions) {
    if (options.secret.length < RECEIPT_SECRET_LENGTH) {
      throw new RangeError(
        `the verifier's secret has ${options.secret.length} bytes, at least ${RECEIPT_SECRET_LENGTH} are needed`,
      );
    }
    this.#secret = options.secret.slice();
    this.#maxAgeMs = options.maxAgeMs ?? HOUR_MS;
    this.#store = options.store;
    this.#clock = options.clock ?? systemClock;
    this.#randomBytes = options.randomBytes ?? secureRandomBytes;
  }

  /** A new nonce and its secret, for the receiver of one connection (SPSP: `Receipt-Nonce`, `Receipt-Secret`). */
  createSetup(): ReceiptSetup {
    const nonce = new Uint8Array(RECEIPT_NONCE_LENGTH);
    let rest = this.#clock.now();
    for (let i = TIME_LENGTH - 1; i >= 0; i--) {
      nonce[i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    nonce.set(this.#randomBytes(RECEIPT_NONCE_LENGTH - TIME_LENGTH), TIME_LENGTH);
    return { nonce, secret: hmacSha256(this.#secret, nonce) };
  }

  /** Verifies a receipt and credits what it adds to the earlier ones of its stream. */
  async credit(bytes: Uint8Array): Promise<ReceiptVerdict> {
    const receipt = verifyReceipt(bytes, ({ nonce }) => hmacSha256(this.#secret, nonce));
    if (receipt === undefined) return { valid: false, reason: 'malformed-or-forged' };
    let madeAt = 0;
    for (let i = 0; i < TIME_LENGTH; i++) madeAt = madeAt * 256 + (receipt.nonce[i] as number);
    const expiresAt = madeAt + this.#maxAgeMs;
    if (expiresAt <= this.#clock.now()) return { valid: false, reason: 'stale' };
    const key = `${hex(receipt.nonce)}.${receipt.streamId}`;
    const credited = await this.#store.raise(key, receipt.totalReceived, expiresAt);
    return { valid: true, receipt, credited };
  }
}
