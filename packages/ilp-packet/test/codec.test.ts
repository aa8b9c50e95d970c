import { parseIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import { OerDecodeError, OerEncodeError } from '@pennyswitch/oer-codec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeFulfill,
  decodePacket,
  decodePrepare,
  decodeReject,
  decodeReply,
  encodeFulfill,
  encodePacket,
  encodePrepare,
  encodeReject,
  MAX_AMOUNT,
  PacketType,
  packetType,
  type IlpErrorCode,
  type IlpPrepare,
  type IlpReject,
} from '../src/index.js';
import { expectSame, fulfill, hex, packet, prepare, reject, toHex } from './arbitraries.js';

const PREPARE: IlpPrepare = {
  amount: 107n,
  expiresAt: new Date('2017-12-23T01:21:40.549Z'),
  executionCondition: hex('74e136c71d6f4b8d9fd0c2d6a4b3f3a8'.repeat(2)),
  destination: parseIlpAddress('example.alice'),
  data: hex('5d b3'),
};
// Spelled out field by field from the tables of RFC 0027.
const PREPARE_BYTES =
  '0c 4a 000000000000006b 3230313731323233303132313430353439' +
  '74e136c71d6f4b8d9fd0c2d6a4b3f3a874e136c71d6f4b8d9fd0c2d6a4b3f3a8' +
  '0d 6578616d706c652e616c696365 02 5db3';

const FULFILL = { fulfillment: hex('11'.repeat(32)), data: hex('abcd') };
const FULFILL_BYTES = `0d 23 ${'11'.repeat(32)} 02 abcd`;

const REJECT: IlpReject = {
  code: 'F02',
  triggeredBy: parseIlpAddress('g.acme'),
  message: 'no route',
  data: hex('01'),
};
const REJECT_BYTES = '0e 15 463032 06 672e61636d65 08 6e6f20726f757465 01 01';

/** The error that reading throws, as `code at offset in path`. */
function refused(read: () => unknown): string {
  try {
    read();
    return 'no error';
  } catch (error) {
    if (!(error instanceof OerDecodeError)) throw error;
    return `${error.code} at ${error.offset} in ${error.path.join('.')}`;
  }
}

/** The error that writing throws, as `code in path`. */
function unwritable(write: () => unknown): string {
  try {
    write();
    return 'no error';
  } catch (error) {
    if (!(error instanceof OerEncodeError)) throw error;
    return `${error.code} in ${error.path.join('.')}`;
  }
}

describe('at the edges', () => {
  test('a Prepare whose digits make sense one byte earlier, too, is read where they stand', () => {
    const early = { ...PREPARE, amount: 0x31n, expiresAt: new Date('2000-10-10T10:10:10.101Z') };
    expect(decodePrepare(encodePrepare(early))).toEqual(early);
  });

  test('no field is missing from the end', () => {
    expect(
      refused(() => decodePrepare(hex(PREPARE_BYTES.replace('0c 4a', '0c 47').slice(0, -7)))),
    ).toBe('TRUNCATED at 73 in data');
    expect(refused(() => decodeFulfill(hex(`0d 20 ${'11'.repeat(32)}`)))).toBe(
      'TRUNCATED at 34 in data',
    );
    expect(refused(() => decodeReject(hex('0e 05 463032 00 00')))).toBe('TRUNCATED at 7 in data');
  });

  test('one byte is no triggeredBy', () => {
    expect(refused(() => decodeReject(hex('0e 07 463032 01 67 00 00')))).toBe(
      'BAD_VALUE at 5 in triggeredBy',
    );
  });

  test('a message of U+0080 is UTF-8, not one byte', () => {
    const bytes = encodeReject({ ...REJECT, message: '\u0080' });
    expect(toHex(bytes)).toContain('02c280');
    expect(decodeReject(bytes).message).toBe('\u0080');
    expect(refused(() => decodeReject(hex('0e 07 463032 00 01 80 00')))).toBe(
      'BAD_TEXT at 6 in message',
    );
  });

  test('a destination that is none is shown up to 64 characters', () => {
    const encode = (destination: string) => () =>
      encodePrepare({ ...PREPARE, destination: destination as IlpAddress });
    expect(encode(`x.${'a'.repeat(62)}`)).toThrow(`"x.${'a'.repeat(62)}" is no ILP address`);
    expect(encode(`x.${'a'.repeat(63)}`)).toThrow(`"x.${'a'.repeat(62)}…" is no ILP address`);
  });

  test('the largest amount is 2^64 - 1', () => {
    expect(MAX_AMOUNT).toBe(2n ** 64n - 1n);
    expect(decodePrepare(encodePrepare({ ...PREPARE, amount: MAX_AMOUNT })).amount).toBe(
      MAX_AMOUNT,
    );
  });
});

describe('RFC 0027 "Packet Format"', () => {
  test('a Prepare is type 12: amount, expiry, condition, destination, data', () => {
    expect(toHex(encodePrepare(PREPARE))).toBe(toHex(hex(PREPARE_BYTES)));
    expect(decodePrepare(hex(PREPARE_BYTES), { strict: true })).toEqual(PREPARE);
    expect(decodePacket(hex(PREPARE_BYTES))).toEqual({ type: 12, ...PREPARE });
  });

  test('a Fulfill is type 13: fulfillment, data', () => {
    expect(toHex(encodeFulfill(FULFILL))).toBe(toHex(hex(FULFILL_BYTES)));
    expect(decodeFulfill(hex(FULFILL_BYTES), { strict: true })).toEqual(FULFILL);
    expect(decodePacket(hex(FULFILL_BYTES))).toEqual({ type: 13, ...FULFILL });
  });

  test('a Reject is type 14: code, triggeredBy, message, data', () => {
    expect(toHex(encodeReject(REJECT))).toBe(toHex(hex(REJECT_BYTES)));
    expect(decodeReject(hex(REJECT_BYTES), { strict: true })).toEqual(REJECT);
    expect(decodePacket(hex(REJECT_BYTES))).toEqual({ type: 14, ...REJECT });
  });

  test('the type decides', () => {
    expect(packetType(hex('0c'))).toBe(12);
    expect(packetType(hex('0d'))).toBe(13);
    expect(packetType(hex('0e'))).toBe(14);
    for (const bytes of ['', '0b', '0f', '00', '8c']) {
      expect(packetType(hex(bytes))).toBeUndefined();
      expect(() => decodePacket(hex(bytes))).toThrow(OerDecodeError);
      expect(() => decodeReply(hex(bytes))).toThrow(OerDecodeError);
    }
    expect(refused(() => decodePacket(hex('0b')))).toBe('BAD_VALUE at 0 in type');
    expect(refused(() => decodePacket(hex('')))).toBe('TRUNCATED at 0 in type');
    expect(() => decodeFulfill(hex(REJECT_BYTES))).toThrow(
      'the type id is 14, expected Fulfill (13) (BAD_VALUE at byte 0 in type)',
    );
    expect(refused(() => decodePrepare(hex(FULFILL_BYTES)))).toBe('BAD_VALUE at 0 in type');
    expect(refused(() => decodeReject(hex(PREPARE_BYTES)))).toBe('BAD_VALUE at 0 in type');
  });

  test('a reply is a Fulfill or a Reject', () => {
    expect(decodeReply(hex(FULFILL_BYTES))).toEqual({ type: PacketType.fulfill, ...FULFILL });
    expect(decodeReply(hex(REJECT_BYTES))).toEqual({ type: PacketType.reject, ...REJECT });
    expect(refused(() => decodeReply(hex(PREPARE_BYTES)))).toBe('BAD_VALUE at 0 in type');
  });
});

test('every packet reads back, strictly, as what was written', () => {
  fc.assert(
    fc.property(packet, (value) => {
      const bytes = encodePacket(value);
      expectSame(decodePacket(bytes, { strict: true }), value);
      if (value.type !== PacketType.prepare) expectSame(decodeReply(bytes), value);
    }),
    { numRuns: 500 },
  );
});

describe('what is read', () => {
  test('is a view into the bytes, and no Buffer even of one', () => {
    const bytes = Buffer.from(hex(PREPARE_BYTES));
    const { executionCondition, data } = decodePrepare(bytes);
    const copy = data.slice();
    bytes.fill(0);
    expect(toHex(data)).toBe('0000');
    expect(toHex(copy)).toBe('5db3');
    expect(executionCondition.every((byte) => byte === 0)).toBe(true);
  });

  test('has no fields beside those of its type', () => {
    expect(Object.keys(decodePrepare(hex(PREPARE_BYTES)))).toEqual([
      'amount',
      'expiresAt',
      'executionCondition',
      'destination',
      'data',
    ]);
  });
});

describe('a Reject from deployed receivers', () => {
  test('has an empty triggeredBy', () => {
    const bytes = '0e 06 463036 00 00 00';
    expect(decodeReject(hex(bytes))).toEqual({
      code: 'F06',
      triggeredBy: '',
      message: '',
      data: hex(''),
    });
    expect(toHex(encodeReject(decodeReject(hex(bytes))))).toBe(toHex(hex(bytes)));
  });
});

describe('limits (InterledgerProtocol.asn)', () => {
  test('data has at most 32767 bytes, both ways', () => {
    const data = new Uint8Array(32_767).fill(1);
    expectSame(decodePrepare(encodePrepare({ ...PREPARE, data })).data, data);
    expectSame(decodeFulfill(encodeFulfill({ ...FULFILL, data })).data, data);
    expectSame(decodeReject(encodeReject({ ...REJECT, data })).data, data);
    const long = new Uint8Array(32_768);
    expect(unwritable(() => encodePrepare({ ...PREPARE, data: long }))).toBe('TOO_LONG in data');
    expect(unwritable(() => encodeFulfill({ ...FULFILL, data: long }))).toBe('TOO_LONG in data');
    expect(unwritable(() => encodeReject({ ...REJECT, data: long }))).toBe('TOO_LONG in data');
    const tail = `828000 ${'00'.repeat(32_768)}`;
    expect(refused(() => decodeFulfill(hex(`0d 828023 ${'11'.repeat(32)} ${tail}`)))).toBe(
      'TOO_LONG at 36 in data',
    );
    expect(refused(() => decodeReject(hex(`0e 828008 463030 00 00 ${tail}`)))).toBe(
      'TOO_LONG at 9 in data',
    );
    expect(
      refused(() =>
        decodePrepare(
          hex(
            `0c 828040 ${'00'.repeat(8)} ${'30'.repeat(4)}303130313030303030303030 30 ${'00'.repeat(32)} 03672e61 ${tail}`,
          ),
        ),
      ),
    ).toBe('TOO_LONG at 65 in data');
  });

  test('a message has at most 8191 bytes of UTF-8, both ways', () => {
    for (const message of ['x'.repeat(8191), `${'é'.repeat(4095)}x`]) {
      expect(decodeReject(encodeReject({ ...REJECT, message })).message).toBe(message);
      expect(unwritable(() => encodeReject({ ...REJECT, message: `${message}x` }))).toBe(
        'TOO_LONG in message',
      );
    }
    const bytes = hex(`0e 822008 463030 00 822000 ${'78'.repeat(8192)} 00`);
    expect(refused(() => decodeReject(bytes))).toBe('TOO_LONG at 8 in message');
  });

  test('an address has at most 1023 characters, both ways', () => {
    const longest = parseIlpAddress(`g.${'a'.repeat(1021)}`);
    expect(decodePrepare(encodePrepare({ ...PREPARE, destination: longest })).destination).toBe(
      longest,
    );
    expect(decodeReject(encodeReject({ ...REJECT, triggeredBy: longest })).triggeredBy).toBe(
      longest,
    );
    const long = `${longest}a` as IlpAddress;
    expect(unwritable(() => encodePrepare({ ...PREPARE, destination: long }))).toBe(
      'BAD_VALUE in destination',
    );
    expect(unwritable(() => encodeReject({ ...REJECT, triggeredBy: long }))).toBe(
      'BAD_VALUE in triggeredBy',
    );
    const bytes = hex(`0e 820408 463030 820400 672e${'61'.repeat(1022)} 00 00`);
    expect(refused(() => decodeReject(bytes))).toBe('TOO_LONG at 7 in triggeredBy');
  });

  test('an amount has 64 bits: at the limit and one over', () => {
    for (const amount of [0n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      expect(decodePrepare(encodePrepare({ ...PREPARE, amount })).amount).toBe(amount);
    }
    for (const amount of [-1n, 2n ** 64n, 2n ** 64n + 1n, 10n ** 30n]) {
      expect(unwritable(() => encodePrepare({ ...PREPARE, amount }))).toBe(
        'OUT_OF_RANGE in amount',
      );
    }
  });
});

describe('writing is as strict as reading', () => {
  test('a condition and a fulfillment have 32 bytes', () => {
    for (const length of [0, 31, 33]) {
      const octets = new Uint8Array(length);
      expect(unwritable(() => encodePrepare({ ...PREPARE, executionCondition: octets }))).toBe(
        'BAD_VALUE in executionCondition',
      );
      expect(unwritable(() => encodeFulfill({ ...FULFILL, fulfillment: octets }))).toBe(
        'BAD_VALUE in fulfillment',
      );
    }
  });

  test('an expiry is a valid time of the years 0000 to 9999', () => {
    for (const time of [NaN, 253402300800000, -62167219200001]) {
      expect(unwritable(() => encodePrepare({ ...PREPARE, expiresAt: new Date(time) }))).toBe(
        'BAD_TIME in expiresAt',
      );
    }
    const expiresAt = new Date(0);
    expect(decodePrepare(encodePrepare({ ...PREPARE, expiresAt })).expiresAt).toEqual(expiresAt);
  });

  test.each(['bogus address!', 'g.\u0161a', 'g', '', 'x.a', 'g..a', `g.${'é'.repeat(2000)}`])(
    'the destination %j is refused',
    (text) => {
      expect(unwritable(() => encodePrepare({ ...PREPARE, destination: text as IlpAddress }))).toBe(
        'BAD_VALUE in destination',
      );
      if (text !== '') {
        expect(unwritable(() => encodeReject({ ...REJECT, triggeredBy: text as IlpAddress }))).toBe(
          'BAD_VALUE in triggeredBy',
        );
      }
    },
  );

  test.each(['', 'F0', 'F000', 'X00', 'f00', 'F0a', 'Fa0', 'F/0', 'F:0', 'F0/', 'F0:', '\n\0Z'])(
    'the code %j is refused, both ways',
    (code) => {
      expect(unwritable(() => encodeReject({ ...REJECT, code: code as IlpErrorCode }))).toBe(
        'BAD_VALUE in code',
      );
      if (code.length === 3) {
        const bytes = hex(REJECT_BYTES);
        bytes.set(new TextEncoder().encode(code), 2);
        expect(refused(() => decodeReject(bytes))).toBe('BAD_VALUE at 2 in code');
      }
    },
  );

  test('a message has no lone surrogate', () => {
    expect(unwritable(() => encodeReject({ ...REJECT, message: 'a\ud800' }))).toBe(
      'BAD_TEXT in message',
    );
  });
});

describe('malformed packets name the field and its offset', () => {
  const put = (at: number, bytes: string, of = PREPARE_BYTES): Uint8Array => {
    const all = hex(of);
    all.set(hex(bytes), at);
    return all;
  };

  test.each([
    ['a month 13', 10, '323031373133', 'BAD_TIME at 10 in expiresAt'],
    ['hour 25 (npm ilp-packet reads another day)', 18, '3235', 'BAD_TIME at 10 in expiresAt'],
    ['a letter in the time', 26, '5a', 'BAD_TIME at 10 in expiresAt'],
    ['a bad character in the address', 66, '20', 'BAD_VALUE at 59 in destination'],
    ['a byte above 7F in the address', 66, 'ff', 'BAD_TEXT at 59 in destination'],
    ['an unknown scheme', 60, '45', 'BAD_VALUE at 59 in destination'],
    ['a period at the end', 72, '2e', 'BAD_VALUE at 59 in destination'],
    ['an address beyond the end', 59, '7f', 'TRUNCATED at 59 in destination'],
    ['a length of no bytes', 59, '80', 'LENGTH_INVALID at 59 in destination'],
    ['data beyond the end', 73, '03', 'TRUNCATED at 73 in data'],
    ['contents beyond the end', 1, '4b', 'TRUNCATED at 1 in '],
    ['contents that end before the data', 1, '48', 'TRUNCATED at 73 in data'],
    ['contents that end before the length of the data', 1, '47', 'TRUNCATED at 73 in data'],
    ['contents that end in the condition', 1, '20', 'TRUNCATED at 27 in executionCondition'],
    ['contents that end in the time', 1, '10', 'TRUNCATED at 10 in expiresAt'],
    ['contents that end in the amount', 1, '07', 'TRUNCATED at 2 in amount'],
  ])('%s', (_, at, bytes, error) => {
    expect(refused(() => decodePrepare(put(at, bytes)))).toBe(error);
    expect(refused(() => decodePacket(put(at, bytes)))).toBe(error);
  });

  test.each([
    ['a fulfillment cut off', 1, '10', 'TRUNCATED at 2 in fulfillment'],
    ['no data', 1, '20', 'TRUNCATED at 34 in data'],
    ['data beyond the end', 34, '03', 'TRUNCATED at 34 in data'],
    ['contents beyond the end', 1, '24', 'TRUNCATED at 1 in '],
  ])('a Fulfill with %s', (_, at, bytes, error) => {
    expect(refused(() => decodeFulfill(put(at, bytes, FULFILL_BYTES)))).toBe(error);
  });

  test.each([
    ['a code cut off', 1, '02', 'TRUNCATED at 2 in code'],
    ['a bad triggeredBy', 6, '78', 'BAD_VALUE at 5 in triggeredBy'],
    ['no triggeredBy', 1, '03', 'TRUNCATED at 5 in triggeredBy'],
    ['a message that is no UTF-8', 13, 'c0', 'BAD_TEXT at 12 in message'],
    ['data beyond the end', 21, '02', 'TRUNCATED at 21 in data'],
  ])('a Reject with %s', (_, at, bytes, error) => {
    expect(refused(() => decodeReject(put(at, bytes, REJECT_BYTES)))).toBe(error);
  });
});

describe('what RFC 0027 and 0030 let pass, and strict reading does not', () => {
  const content = PREPARE_BYTES.slice(6);

  test('bytes behind the packet and behind its last field', () => {
    const behind = hex(`${PREPARE_BYTES} ff`);
    const within = hex(`0c 4b ${content} ff`);
    for (const bytes of [behind, within]) {
      expect(decodePrepare(bytes)).toEqual(PREPARE);
      expect(() => decodePrepare(bytes, { strict: true })).toThrow('TRAILING_BYTES');
    }
    expect(decodeFulfill(hex(`${FULFILL_BYTES} ff`))).toEqual(FULFILL);
    expect(() => decodeFulfill(hex(`${FULFILL_BYTES} ff`), { strict: true })).toThrow(
      'TRAILING_BYTES',
    );
    expect(decodeReject(hex(`${REJECT_BYTES} ff`))).toEqual(REJECT);
    expect(() => decodeReject(hex(`${REJECT_BYTES} ff`), { strict: true })).toThrow(
      'TRAILING_BYTES',
    );
  });

  test('lengths that are not in their shortest form', () => {
    const outer = hex(`0c 82004a ${content}`);
    const inner = hex(`0c 4b ${content.replace('0d 65', '810d 65')}`);
    const last = hex(`0c 4c ${content.replace('02 5db3', '820002 5db3')}`);
    for (const bytes of [outer, inner, last]) {
      expect(decodePrepare(bytes)).toEqual(PREPARE);
      expect(() => decodePrepare(bytes, { strict: true })).toThrow('NON_CANONICAL');
    }
  });
});

test('hostile bytes: a packet, or an OerDecodeError within the input', () => {
  const mutated = fc
    .tuple(
      fc.oneof(prepare.map(encodePrepare), fulfill.map(encodeFulfill), reject.map(encodeReject)),
      fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 }),
      fc.nat(300),
    )
    .map(([bytes, changes, cut]) => {
      const all = bytes.slice(0, cut < 100 ? Math.min(cut, bytes.length) : bytes.length);
      for (const [at, byte] of changes) if (at < all.length) all[at] = byte;
      return all;
    });
  fc.assert(
    fc.property(
      fc.oneof(mutated, fc.uint8Array({ maxLength: 120 })),
      fc.boolean(),
      (bytes, strict) => {
        try {
          const value = decodePacket(bytes, { strict });
          // What was read can be written again, and reads the same.
          expectSame(decodePacket(encodePacket(value), { strict: true }), value);
          if (strict) expectSame(encodePacket(value), bytes);
        } catch (error) {
          if (!(error instanceof OerDecodeError)) throw error;
          expect(error.offset).toBeLessThanOrEqual(bytes.length);
        }
      },
    ),
    { numRuns: 3000 },
  );
});
