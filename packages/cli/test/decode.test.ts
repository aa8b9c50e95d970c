import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { encodeIldcpResponse } from '@pennyswitch/ildcp';
import {
  amountTooLarge,
  encodeFulfill,
  encodePrepare,
  PEER_PROTOCOL_FULFILLMENT,
} from '@pennyswitch/ilp-packet';
import { OerWriter } from '@pennyswitch/oer-codec';
import { StreamKeys, type StreamFrame } from '@pennyswitch/stream';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBytes, formatDissection } from '../src/decode/decode.js';
import type { Dissection, Field } from '../src/decode/dissection.js';

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
}

function decode(input: Uint8Array, secret?: Uint8Array): Dissection {
  return decodeBytes(input, { secret }) as Dissection;
}

/** The field at a path of names. */
function find(dissection: Dissection, ...path: string[]): Field {
  let fields: readonly Field[] = dissection.fields;
  let found: Field | undefined;
  for (const name of path) {
    found = fields.find((field) => field.name === name);
    fields = found?.fields ?? [];
  }
  expect(found, path.join(' > ')).toBeDefined();
  return found as Field;
}

const secret = new Uint8Array(32).fill(9);
const random = (length: number): Uint8Array => new Uint8Array(length).fill(3);

function prepareWith(data: Uint8Array): Uint8Array {
  return encodePrepare({
    amount: 100n,
    expiresAt: new Date(0),
    executionCondition: new Uint8Array(32),
    destination: parseIlpAddress('g.bob'),
    data,
  });
}

describe('decode', () => {
  it('shows a CCP route control request inside its Prepare, with offsets', () => {
    // The example of interledger-rs's fixtures, field values typed anew.
    const packet = bytes(`
      0c 6c 0000000000000000 3230313530363136303030313030303030
      66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925
      12 706565722e726f7574652e636f6e74726f6c
      1f 01 70d1a134a0df4f47964f6e19e2ab3790 00000020 0102 03666f6f 03626172`);
    expect(formatDissection(decode(packet))).toMatchInlineSnapshot(`
      "ILP Prepare
           0     +1  type: 12 (Prepare)
           1   +109  content
           2     +8    amount: 0
          10    +17    expiresAt: 2015-06-16T00:01:00.000Z
          27    +32    executionCondition: 66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925
          59    +19    destination: peer.route.control
          78    +32    data: CCP route control request
          79     +1      mode: 1 (SYNC)
          80    +16      lastKnownRoutingTableId: 70d1a134a0df4f47964f6e19e2ab3790
          96     +4      lastKnownEpoch: 32
         100    +10      features: 2
         102     +4        0: "foo"
         106     +4        1: "bar""
    `);
  });

  it('shows a BTP Message with its ILP packet, and never the token', () => {
    const writer = new OerWriter();
    writer.writeCount(2);
    const entries: [string, number, Uint8Array][] = [
      ['ilp', 0, prepareWith(new Uint8Array(0))],
      ['auth_token', 1, Buffer.from('top secret')],
    ];
    for (const [name, contentType, data] of entries) {
      writer.writeVarAscii(name);
      writer.writeUInt8(contentType);
      writer.writeVarOctets(data);
    }
    const packet = new OerWriter();
    packet.writeUInt8(6);
    packet.writeUInt32(0xdeadbeef);
    packet.writeVarOctets(writer.finish());
    const dissection = decode(packet.finish());
    expect(dissection.title).toBe('BTP Message');
    expect(find(dissection, 'requestId').value).toBe('3735928559');
    const ilp = ['content', 'protocolData', '0', 'data', 'content', 'amount'];
    expect(find(dissection, ...ilp).value).toBe('100');
    expect(formatDissection(dissection)).not.toContain('top secret');
    expect(formatDissection(dissection)).toContain('(secret, 10 bytes)');
  });

  it('opens a STREAM packet with its secret, frame by frame', () => {
    const frames: StreamFrame[] = [
      { type: 'ConnectionNewAddress', sourceAddress: parseIlpAddress('g.alice') },
      { type: 'StreamMoney', streamId: 1, shares: 7n },
      { type: 'StreamClose', streamId: 1, errorCode: 1, errorMessage: 'bye\u001b[2J' },
    ];
    const sealed = new StreamKeys(secret).seal(
      { ilpPacketType: 12, sequence: 5, prepareAmount: 42n, frames },
      random,
      { padTo: 100 },
    );
    const opened = decode(prepareWith(sealed), secret);
    const path = ['content', 'data', 'frames'];
    expect(find(opened, 'content', 'data').value).toBe('STREAM packet, decrypted');
    expect(find(opened, 'content', 'data', 'prepareAmount').value).toBe('42');
    expect(find(opened, ...path, '1', 'content', 'shares').value).toBe('7');
    expect(find(opened, ...path, '2', 'content', 'errorMessage').value).toBe('"bye\\u001b[2J"');
    expect(find(opened, 'content', 'data', 'padding').value).toMatch(/zero bytes$/);
    const closed = decode(prepareWith(sealed), new Uint8Array(32));
    expect(find(closed, 'content', 'data').value).toContain('not sealed with the given secret');
    expect(find(decode(prepareWith(sealed)), 'content', 'data').value).toMatch(/^[0-9a-f]{64}…/);
  });

  it('shows what a parent configures, and the amounts of F08', () => {
    const data = encodeIldcpResponse({
      clientAddress: parseIlpAddress('g.parent.child'),
      assetCode: '€',
      assetScale: 2,
    });
    const fulfill = encodeFulfill({ fulfillment: PEER_PROTOCOL_FULFILLMENT, data });
    const assetCode = find(decode(fulfill), 'content', 'data', 'assetCode');
    expect(assetCode).toMatchObject({ value: '"\\u20ac"', length: 4 });
    const reject = amountTooLarge({ receivedAmount: 9n, maximumAmount: 5n }).encode();
    expect(find(decode(reject), 'content', 'data').value).toBe('received 9, at most 5 (F08)');
  });

  it('reads a malformed packet as far as it goes and says where it stops', () => {
    const packet = prepareWith(new Uint8Array(3));
    packet.set(Buffer.from('20171324161432200'), 10);
    const dissection = decode(packet);
    expect(dissection.title).toBe('ILP Prepare');
    expect(find(dissection, 'content', 'amount').value).toBe('100');
    expect(dissection.problem?.offset).toBe(10);
    expect(formatDissection(dissection)).toMatch(/cannot be read further: .*BAD_TIME at byte 10/);
  });

  it('does not guess what bytes are that no packet starts with', () => {
    expect(decodeBytes(bytes('ff00'), {})).toBeUndefined();
    const configuration = bytes('03672e61 06 03455552');
    expect(decodeBytes(configuration, { as: 'ildcp' })?.fields).toHaveLength(3);
  });

  it('answers any bytes with a dissection, whose fields lie within them', () => {
    const check = (fields: readonly Field[], size: number): void => {
      for (const field of fields) {
        expect(field.offset + field.length).toBeLessThanOrEqual(size);
        check(field.fields ?? [], size);
      }
    };
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 12, 13, 14),
        fc.uint8Array({ maxLength: 200 }),
        (type, rest) => {
          const input = Uint8Array.of(type, ...rest);
          check(decode(input).fields, input.length);
        },
      ),
    );
  });
});
