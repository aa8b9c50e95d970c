import { REAL_CLOCK, type Clock } from './clock.js';
import { SharedTimers } from './deadline-timer.js';

export type { Clock } from './clock.js';

/** `length` random bytes. Here they choose request ids and waiting times: they keep no secret. */
export type RandomBytes = (length: number) => Uint8Array;

/** Where the application wants to read what happens. Tokens and other protocol data never get here. */
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
  /** Of all connections of one owner. */
  readonly timers: SharedTimers;
}

const nothing = (): void => undefined;
const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Fills in what was not given. */
export function environmentOf(given: {
  readonly clock?: Clock | undefined;
  readonly randomBytes?: RandomBytes | undefined;
  readonly logger?: Logger | undefined;
}): Environment {
  const clock = given.clock ?? REAL_CLOCK;
  return {
    clock,
    timers: new SharedTimers(clock),
    randomBytes: given.randomBytes ?? ((length) => crypto.getRandomValues(new Uint8Array(length))),
    logger: given.logger ?? SILENT,
  };
}

/** An unsigned integer of 32 random bits. */
export function randomUInt32(randomBytes: RandomBytes): number {
  const octets = randomBytes(4);
  return new DataView(octets.buffer, octets.byteOffset, 4).getUint32(0);
}
