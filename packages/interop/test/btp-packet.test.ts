import {
  BTP_ERROR_NAMES,
  BtpType,
  decodeBtpPacket,
  encodeBtpPacket,
  type BtpError,
  type BtpWritablePacket,
  type ProtocolData,
} from '@pennyswitch/btp';
import * as peer from 'btp-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const protocolData = fc.uniqueArray(
  fc.record({
    // The peer keeps a table by name in a plain object: `valueOf` and its like make it fail.
    protocolName: fc
      .string({ unit: 'binary-ascii', maxLength: 20 })
      .filter((name) => !(name in {})),
    contentType: fc.nat(2),
    data: fc.uint8Array({ maxLength: 300 }),
  }),
  { selector: ({ protocolName }) => protocolName, maxLength: 5 },
);
const requestId = fc.nat(0xffff_ffff);
/** Up to 2^63: the peer reads larger amounts as negative ones in some versions of its number library. */
const amount = fc.bigInt(0n, (1n << 63n) - 1n);
const code = fc.constantFrom(...(Object.keys(BTP_ERROR_NAMES) as (keyof typeof BTP_ERROR_NAMES)[]));
const time = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) });

const theirs = (entries: readonly ProtocolData[]): peer.ProtocolData[] =>
  entries.map((entry) => ({ ...entry, data: Buffer.from(entry.data) }));

/** What the peer read, in our shape. */
function ours(entries: readonly peer.ProtocolData[]): ProtocolData[] {
  return entries.map(({ protocolName, contentType, data }) => ({
    protocolName,
    contentType,
    data: new Uint8Array(data),
  }));
}

describe('npm btp-packet', () => {
  it('writes Messages and Responses byte for byte as we do, and reads ours', () => {
    const type = fc.constantFrom(BtpType.message, BtpType.response);
    fc.assert(
      fc.property(type, requestId, protocolData, (type, id, entries) => {
        const octets = encodeBtpPacket({ type, requestId: id, protocolData: entries });
        const write = type === BtpType.message ? peer.serializeMessage : peer.serializeResponse;
        expect(new Uint8Array(write(id, theirs(entries)))).toEqual(octets);
        const read = peer.deserialize(Buffer.from(octets));
        expect(read).toMatchObject({ type, requestId: id });
        expect(ours(read.data.protocolData)).toEqual(entries);
      }),
    );
  });

  it('does the same with Transfers', () => {
    fc.assert(
      fc.property(requestId, amount, protocolData, (id, value, entries) => {
        const packet: BtpWritablePacket = {
          type: BtpType.transfer,
          requestId: id,
          amount: value,
          protocolData: entries,
        };
        const octets = encodeBtpPacket(packet);
        const written = peer.serializeTransfer({ amount: String(value) }, id, theirs(entries));
        expect(new Uint8Array(written)).toEqual(octets);
        expect(peer.deserialize(Buffer.from(octets)).data).toMatchObject({ amount: String(value) });
        expect(decodeBtpPacket(new Uint8Array(written), { strict: true })).toEqual(packet);
      }),
    );
  });

  it('writes Errors that we read, trailing zeros of the time included, and reads ours', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 50 });
    fc.assert(
      fc.property(
        requestId,
        code,
        time,
        text,
        protocolData,
        (id, c, epochMs, sentence, entries) => {
          const name = BTP_ERROR_NAMES[c];
          const packet: BtpError = {
            type: BtpType.error,
            requestId: id,
            code: c,
            name,
            triggeredAt: { epochMs, leapSecond: false },
            data: new TextEncoder().encode(sentence),
            protocolData: entries,
          };
          const triggeredAt = new Date(epochMs).toISOString();
          const error = { code: c, name, triggeredAt, data: sentence };
          const written = peer.serializeError(error, id, theirs(entries));
          expect(decodeBtpPacket(new Uint8Array(written))).toEqual(packet);
          const read = peer.deserialize(Buffer.from(encodeBtpPacket(packet)));
          expect(read.data).toMatchObject({ code: c, name, data: sentence });
          // It reads times with three decimals only; RFC 0030 leaves trailing zeros out.
          const readTime = (read.data as { triggeredAt: Date }).triggeredAt.getTime();
          expect(readTime).toBe(epochMs % 10 === 0 ? NaN : epochMs);
        },
      ),
    );
  });

  it('accepts what we refuse: two entries of one name (RFC 0023 Authentication)', () => {
    const entry = { protocolName: 'ilp', contentType: 0, data: Buffer.alloc(1) };
    const octets = peer.serializeMessage(1, [entry, entry]);
    expect(peer.deserialize(octets).data.protocolData).toHaveLength(2);
    expect(() => decodeBtpPacket(new Uint8Array(octets))).toThrow(/two sub-protocol entries/);
  });
});
