import { parseIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import type { IlpErrorCode, IlpFulfill, IlpPrepare, IlpReject } from '@pennyswitch/ilp-packet';
import type { SeededRandom } from '@pennyswitch/testkit';

/**
 * How many values of each type are compared with what the peers' packages make of them: `CODEC_VALUES` of the
 * environment, 100,000 by default.
 */
export const RUNS: number = runsOf(process.env['CODEC_VALUES']);

function runsOf(text = '100000'): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`CODEC_VALUES is a number, not ${text}`);
  return Number(text);
}

/**
 * An unsigned integer whose number of bits is drawn first, so that small and large ones are equally frequent. One in
 * eight is the largest of its number of bits or the next one, where encodings grow by a byte.
 */
export function uintOf(random: SeededRandom, bits: number): bigint {
  let value = 0n;
  const size = random.int(0, bits);
  if (random.chance(0.125)) {
    const largest = (1n << BigInt(size)) - 1n;
    return size === bits || random.chance(0.5) ? largest : largest + 1n;
  }
  for (let done = 0; done < size; done += 16) {
    value = (value << 16n) | BigInt(random.int(0, 0xffff));
  }
  return BigInt.asUintN(size, value);
}

/** Bytes, mostly few; some lengths around 128 and 256, where length determinants change. */
export function octetsOf(random: SeededRandom): Uint8Array {
  const kind = random.int(0, 9);
  const length =
    kind === 0 ? random.int(120, 135) : kind === 1 ? random.int(250, 260) : random.int(0, 40);
  return new Uint8Array(length).fill(random.int(0, 255));
}

const CHARACTERS = 'ABCZabcz0189_~-';
const SCHEMES = ['g', 'test', 'test3', 'private', 'example', 'peer', 'self', 'local'];

export function addressOf(random: SeededRandom): IlpAddress {
  let text = SCHEMES[random.int(0, SCHEMES.length - 1)] as string;
  const segments = random.int(1, 5);
  for (let i = 0; i < segments; i++) {
    text += '.';
    const length = random.int(1, random.int(0, 20) === 0 ? 120 : 12);
    for (let j = 0; j < length; j++)
      text += CHARACTERS[random.int(0, CHARACTERS.length - 1)] as string;
  }
  return parseIlpAddress(text);
}

/** Years 1000 to 9999: npm ilp-packet does not pad earlier ones. */
export function dateOf(random: SeededRandom): Date {
  const first = Date.UTC(1000, 0);
  const days = random.int(0, 3_287_181);
  return new Date(first + days * 86_400_000 + random.int(0, 86_399_999));
}

export function prepareOf(random: SeededRandom): IlpPrepare {
  return {
    amount: uintOf(random, 64),
    expiresAt: dateOf(random),
    executionCondition: new Uint8Array(32).fill(random.int(0, 255)),
    destination: addressOf(random),
    data: octetsOf(random),
  };
}

export function fulfillOf(random: SeededRandom): IlpFulfill {
  return {
    fulfillment: new Uint8Array(32).fill(random.int(0, 255)),
    data: octetsOf(random),
  };
}

const TEXTS = [
  '',
  'no route',
  'grüezi',
  '€ 5',
  '𝄞',
  'x'.repeat(126),
  'x'.repeat(129),
  'é'.repeat(70),
];

export function rejectOf(random: SeededRandom): IlpReject {
  const digit = (): number => random.int(0, 9);
  return {
    code: `${'FTR'[random.int(0, 2)] as 'F'}${digit()}${digit()}` as IlpErrorCode,
    triggeredBy: random.int(0, 5) === 0 ? '' : addressOf(random),
    message: `${TEXTS[random.int(0, TEXTS.length - 1)] as string}${digit()}`,
    data: octetsOf(random),
  };
}
