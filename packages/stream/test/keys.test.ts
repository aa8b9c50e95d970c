import { conditionOf, isFulfillmentOf } from '@pennyswitch/ilp-packet';
import { describe, expect, it } from 'vitest';
import { secureRandomBytes, StreamKeys, unfulfillableCondition } from '../src/index.js';
import { Envelope, hmacSha256 } from '../src/crypto.node.js';
import { hex, toHex } from './hex.js';

const SECRET = hex('11'.repeat(32));
const PACKET = { ilpPacketType: 12, sequence: 1, prepareAmount: 9n, frames: [] } as const;
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('StreamKeys', () => {
  it('opens what the other endpoint sealed', () => {
    const sealed = new StreamKeys(SECRET).seal(PACKET, secureRandomBytes);
    expect(new StreamKeys(SECRET).open(sealed)).toEqual(PACKET);
  });

  it('encrypts with the key and the fulfillment of RFC 0029 5.1.2 and 6', () => {
    const keys = new StreamKeys(SECRET);
    const sealed = keys.seal(PACKET, secureRandomBytes);
    const key = hmacSha256(SECRET, ascii('ilp_stream_encryption'));
    expect(toHex(new Envelope(key).open(sealed)!)).toBe('010c010101090100');
    const fulfillment = hmacSha256(hmacSha256(SECRET, ascii('ilp_stream_fulfillment')), sealed);
    expect(toHex(keys.fulfillment(sealed))).toBe(toHex(fulfillment));
    expect(toHex(keys.condition(sealed))).toBe(toHex(conditionOf(fulfillment)));
  });

  it('takes the initialization vector from the randomness that it is given', () => {
    const sealed = new StreamKeys(SECRET).seal(PACKET, (length) => new Uint8Array(length).fill(5));
    expect(toHex(sealed.subarray(0, 12))).toBe('05'.repeat(12));
  });

  it('pads before it encrypts', () => {
    const sealed = new StreamKeys(SECRET).seal(PACKET, secureRandomBytes, { padTo: 32_739 });
    expect(sealed).toHaveLength(32_767);
    expect(new StreamKeys(SECRET).open(sealed)).toEqual(PACKET);
  });

  it('does not open what another secret sealed, or what was changed on the way', () => {
    const sealed = new StreamKeys(SECRET).seal(PACKET, secureRandomBytes);
    expect(new StreamKeys(hex('12'.repeat(32))).open(sealed)).toBeUndefined();
    sealed[20] = (sealed[20] as number) ^ 1;
    expect(new StreamKeys(SECRET).open(sealed)).toBeUndefined();
  });

  it('tells bytes that are authentic but no packet from bytes that are not authentic', () => {
    const key = hmacSha256(SECRET, ascii('ilp_stream_encryption'));
    const sealed = new Envelope(key).seal(hex('ff'), secureRandomBytes(12));
    const keys = new StreamKeys(SECRET);
    expect(keys.open(sealed)).toBeUndefined();
    expect(toHex(keys.decrypt(sealed)!)).toBe('ff');
    expect(keys.decrypt(sealed.subarray(1))).toBeUndefined();
  });

  it('does not open more than the data of an ILP packet can be', () => {
    const envelope = new Envelope(hmacSha256(SECRET, ascii('ilp_stream_encryption')));
    const keys = new StreamKeys(SECRET);
    const seal = (length: number): Uint8Array =>
      envelope.seal(new Uint8Array(length), secureRandomBytes(12));
    expect(keys.decrypt(seal(32_739))).toHaveLength(32_739);
    expect(keys.decrypt(seal(32_740))).toBeUndefined();
  });

  it('refuses a secret that is too short to be one', () => {
    expect(() => new StreamKeys(new Uint8Array(15))).toThrow(RangeError);
  });
});

it('an unfulfillable condition is not the condition of the data', () => {
  const keys = new StreamKeys(SECRET);
  const sealed = keys.seal(PACKET, secureRandomBytes);
  const condition = unfulfillableCondition(secureRandomBytes);
  expect(condition).toHaveLength(32);
  expect(isFulfillmentOf(keys.fulfillment(sealed), condition)).toBe(false);
});

describe('secureRandomBytes', () => {
  it('gives as many bytes as asked for, never the same twice', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 2000; i++) {
      const bytes = secureRandomBytes(12);
      expect(bytes).toHaveLength(12);
      seen.add(toHex(bytes));
    }
    expect(seen.size).toBe(2000);
    expect(secureRandomBytes(5000)).toHaveLength(5000);
  });
});
