/** Our cursors against npm oer-utils 5. */
import {
  OerDecodeError,
  OerReader,
  OerWriter,
  sizeOfVarOctets,
  sizeOfVarUInt,
} from '@pennyswitch/oer-codec';
import { seededRandom } from '@pennyswitch/testkit';
import { Predictor, Reader, Writer } from 'oer-utils';
import { describe, expect, test } from 'vitest';
import { octetsOf, RUNS, uintOf } from './codecs-values.js';

function same(ours: unknown, theirs: unknown, of: unknown): void {
  if (ours !== theirs) expect({ of, value: ours }).toEqual({ of, value: theirs });
}

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');

function ours(write: (writer: OerWriter) => void): Uint8Array {
  const writer = new OerWriter();
  write(writer);
  return writer.finish();
}

function theirs(write: (writer: Writer) => void): Buffer {
  const writer = new Writer();
  write(writer);
  return writer.getBuffer();
}

const strict = { strict: true };
const TIMEOUT = 60_000 + RUNS;

describe(`over ${RUNS} values of each type the bytes are equal, and each reads the other's`, () => {
  test(
    'fixed unsigned integers',
    () => {
      const random = seededRandom(11);
      for (let i = 0; i < RUNS; i++) {
        const value = uintOf(random, 64);
        const mine = ours((writer) => {
          writer.writeUInt8(Number(value & 0xffn));
          writer.writeUInt16(Number(value & 0xffffn));
          writer.writeUInt32(Number(value & 0xffff_ffffn));
          writer.writeUInt64(value);
        });
        const other = theirs((writer) => {
          writer.writeUInt8(Number(value & 0xffn));
          writer.writeUInt16(Number(value & 0xffffn));
          writer.writeUInt32(Number(value & 0xffff_ffffn));
          writer.writeUInt64(String(value));
        });
        same(hex(mine), hex(other), value);
        const reader = new OerReader(other, strict);
        const peer = Reader.from(Buffer.from(mine));
        same(reader.readUInt8(), peer.readUInt8Number(), value);
        same(reader.readUInt16(), peer.readUInt16Number(), value);
        same(reader.readUInt32(), peer.readUInt32Number(), value);
        same(String(reader.readUInt64()), peer.readUInt64(), value);
      }
    },
    TIMEOUT,
  );

  test(
    'fixed signed integers',
    () => {
      const random = seededRandom(12);
      for (let i = 0; i < RUNS; i++) {
        const value = BigInt.asIntN(64, uintOf(random, 64));
        const mine = ours((writer) => {
          writer.writeInt8(Number(BigInt.asIntN(8, value)));
          writer.writeInt16(Number(BigInt.asIntN(16, value)));
          writer.writeInt32(Number(BigInt.asIntN(32, value)));
          writer.writeInt64(value);
        });
        const other = theirs((writer) => {
          writer.writeInt8(Number(BigInt.asIntN(8, value)));
          writer.writeInt16(Number(BigInt.asIntN(16, value)));
          writer.writeInt32(Number(BigInt.asIntN(32, value)));
          writer.writeInt64(String(value));
        });
        same(hex(mine), hex(other), value);
        const reader = new OerReader(other, strict);
        const peer = Reader.from(Buffer.from(mine));
        same(reader.readInt8(), peer.readInt8Number(), value);
        same(reader.readInt16(), peer.readInt16Number(), value);
        same(reader.readInt32(), peer.readInt32Number(), value);
        same(String(reader.readInt64()), peer.readInt64(), value);
      }
    },
    TIMEOUT,
  );

  test(
    'variable integers, signed and unsigned, up to 64 bits',
    () => {
      const random = seededRandom(13);
      for (let i = 0; i < RUNS; i++) {
        const value = uintOf(random, 64);
        const signed = BigInt.asIntN(64, value);
        const mine = ours((writer) => {
          writer.writeVarUInt(value);
          writer.writeVarInt(signed);
        });
        const other = theirs((writer) => {
          writer.writeVarUInt(String(value));
          writer.writeVarInt(String(signed));
        });
        same(hex(mine), hex(other), value);
        const predictor = new Predictor();
        predictor.writeVarUInt(String(value));
        same(sizeOfVarUInt(value), predictor.length, value);
        const reader = new OerReader(other, strict);
        const peer = Reader.from(Buffer.from(mine));
        same(String(reader.readVarUInt()), peer.readVarUInt(), value);
        same(String(reader.readVarInt()), peer.readVarInt(), value);
      }
    },
    TIMEOUT,
  );

  test(
    'octet strings',
    () => {
      const random = seededRandom(14);
      for (let i = 0; i < RUNS; i++) {
        const value = octetsOf(random);
        const buffer = Buffer.from(value);
        const mine = ours((writer) => writer.writeVarOctets(value));
        const other = theirs((writer) => writer.writeVarOctetString(buffer));
        same(hex(mine), hex(other), value);
        same(mine.length, sizeOfVarOctets(value.length), value);
        same(hex(new OerReader(other, strict).readVarOctets()), hex(value), value);
        same(hex(Reader.from(Buffer.from(mine)).readVarOctetString()), hex(value), value);
      }
    },
    TIMEOUT,
  );
});

describe('where the peer breaks X.696 or RFC 0030, and we do not', () => {
  test('it writes 2^64 as 0', () => {
    expect(hex(theirs((writer) => writer.writeUInt64(String(2n ** 64n))))).toBe('0000000000000000');
    expect(hex(theirs((writer) => writer.writeVarUInt(String(2n ** 64n))))).toBe('0100');
    expect(() => ours((writer) => writer.writeUInt64(2n ** 64n))).toThrow('OUT_OF_RANGE');
    expect(hex(ours((writer) => writer.writeVarUInt(2n ** 64n)))).toBe('09010000000000000000');
  });

  test('it reads integers with leading zeros; so do we, but not when strict', () => {
    const bytes = Buffer.from('020005', 'hex');
    expect(Reader.from(bytes).readVarUInt()).toBe('5');
    expect(new OerReader(bytes).readVarUInt()).toBe(5n);
    expect(() => new OerReader(bytes, strict).readVarUInt()).toThrow('NON_CANONICAL');
  });

  test('it refuses lengths in longer forms; we let them pass, but not when strict', () => {
    const bytes = Buffer.from('81020102', 'hex');
    expect(() => Reader.from(bytes).readVarOctetString()).toThrow('not canonical');
    expect(hex(new OerReader(bytes).readVarOctets())).toBe('0102');
    expect(() => new OerReader(bytes, strict).readVarOctets()).toThrow('NON_CANONICAL');
  });

  test('it takes a Buffer only, and throws errors of Buffer', () => {
    expect(() => new Reader(new Uint8Array(4) as Buffer).readUInt32()).toThrow(TypeError);
    expect(() => Reader.from(Buffer.alloc(0)).readUInt8()).toThrow(RangeError);
    expect(() => new OerReader(new Uint8Array(0)).readUInt8()).toThrow(OerDecodeError);
  });
});
