import { randomBytes as cryptoRandomBytes } from 'node:crypto';

/** Time and timers, as the application gives them. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** `length` random bytes, for request ids and waiting times. */
export type RandomBytes = (length: number) => Uint8Array;

/** Where the application wants to read what happens. Tokens and packets never get here. */
export interface Logger {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/** What reaches outside the protocol; the real things are the defaults. */
export interface Environment {
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly logger: Logger;
}

/** The longest delay that a timer of the platform can take; a longer one would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

const REAL_CLOCK: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS)),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

const nothing = (): void => undefined;
const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

const POOL_BYTES = 4096;
let pool = new Uint8Array(0);

/** Many at a time: asking the system for each request id would be a good part of what a request costs. */
function pooledRandomBytes(length: number): Uint8Array {
  if (length > pool.length) pool = new Uint8Array(cryptoRandomBytes(Math.max(POOL_BYTES, length)));
  const octets = pool.slice(0, length);
  pool = pool.subarray(length);
  return octets;
}

/** Fills in what was not given. */
export function environmentOf(given: {
  readonly clock?: Clock | undefined;
  readonly randomBytes?: RandomBytes | undefined;
  readonly logger?: Logger | undefined;
}): Environment {
  return {
    clock: given.clock ?? REAL_CLOCK,
    randomBytes: given.randomBytes ?? pooledRandomBytes,
    logger: given.logger ?? SILENT,
  };
}

/** A number from 0 up to, not including, 1. */
export function randomFraction(randomBytes: RandomBytes): number {
  const octets = randomBytes(4);
  return new DataView(octets.buffer, octets.byteOffset, 4).getUint32(0) / 2 ** 32;
}
