import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { describe, expect, it } from 'vitest';
import { CredentialsError, detailsBudget, StreamServerSecrets } from '../src/index.js';
import { encodeTokenDetails, decodeTokenDetails } from '../src/credentials-token.js';
import { hex, toHex } from './hex.js';

const ADDRESS = parseIlpAddress('test.receiver');
const OLD = hex('01'.repeat(32));
const NEW = hex('02'.repeat(32));

const FULL = {
  tag: 'invoice 17 für Zoë',
  asset: { code: 'XRP', scale: 9 },
  receipts: { nonce: hex('aa'.repeat(16)), secret: hex('bb'.repeat(32)) },
  expiresAt: 1_900_000_000_000,
  limit: 2n ** 64n - 1n,
};

function tokenOf(destination: string): string {
  return destination.slice(ADDRESS.length + 1);
}

function codeOf(create: () => unknown): string {
  try {
    create();
  } catch (error) {
    if (error instanceof CredentialsError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('credentials', () => {
  it('carry all details to whoever has the server secret, and the shared secret with them', () => {
    const { destination, sharedSecret } = new StreamServerSecrets(OLD).create(ADDRESS, FULL);
    const opened = new StreamServerSecrets(OLD).open(tokenOf(destination));
    expect(opened).toMatchObject(FULL);
    expect(toHex(opened!.sharedSecret)).toBe(toHex(sharedSecret));
    expect(sharedSecret).toHaveLength(32);
  });

  it('carry nothing they were not made with', () => {
    const secrets = new StreamServerSecrets(OLD);
    const opened = secrets.open(tokenOf(secrets.create(ADDRESS).destination));
    expect(Object.keys(opened!).sort()).toEqual(['sharedSecret', 'token']);
  });

  it('are one segment below the address, 39 characters where there are no details', () => {
    const { destination } = new StreamServerSecrets(OLD).create(ADDRESS);
    expect(destination).toMatch(/^test\.receiver\.[A-Za-z0-9_-]{39}$/);
  });

  it('are different every time, shared secret included', () => {
    const secrets = new StreamServerSecrets(OLD);
    const [a, b] = [secrets.create(ADDRESS, FULL), secrets.create(ADDRESS, FULL)];
    expect(a.destination).not.toBe(b.destination);
    expect(toHex(a.sharedSecret)).not.toBe(toHex(b.sharedSecret));
  });

  it('are not opened by another secret', () => {
    const { destination } = new StreamServerSecrets(OLD).create(ADDRESS, FULL);
    expect(new StreamServerSecrets(NEW).open(tokenOf(destination))).toBeUndefined();
  });

  it('are not opened with any character changed, cut off or appended', () => {
    const secrets = new StreamServerSecrets(OLD);
    const token = tokenOf(secrets.create(ADDRESS, { tag: 'a' }).destination);
    for (let i = 0; i < token.length; i++) {
      const other = token[i] === 'A' ? 'B' : 'A';
      expect(secrets.open(token.slice(0, i) + other + token.slice(i + 1))).toBeUndefined();
      expect(secrets.open(token.slice(0, i))).toBeUndefined();
    }
    expect(secrets.open(`${token}A`)).toBeUndefined();
  });

  it('survive a rotation: the new secret makes them, the old one still opens its own', () => {
    const before = tokenOf(new StreamServerSecrets(OLD).create(ADDRESS, FULL).destination);
    const rotated = new StreamServerSecrets([NEW, OLD]);
    expect(rotated.open(before)).toMatchObject(FULL);
    const after = tokenOf(rotated.create(ADDRESS, FULL).destination);
    expect(new StreamServerSecrets(OLD).open(after)).toBeUndefined();
    expect(new StreamServerSecrets(NEW).open(after)).toMatchObject(FULL);
  });
});

describe('the room in an address (RFC 0015: 1023 characters)', () => {
  it('is used to the last byte and no further', () => {
    const secrets = new StreamServerSecrets(OLD);
    const long = parseIlpAddress(`test.${'a'.repeat(495)}`);
    // One byte says which details there are, three the length of a long tag.
    const room = detailsBudget(long) - 4;
    const { destination } = secrets.create(long, { tag: 't'.repeat(room) });
    expect(destination.length).toBeGreaterThan(1020);
    expect(secrets.open(destination.slice(long.length + 1))?.tag).toHaveLength(room);
    expect(codeOf(() => secrets.create(long, { tag: 't'.repeat(room + 1) }))).toBe(
      'ADDRESS_TOO_LONG',
    );
  });

  it('is none below an address that is as long as an address can be', () => {
    const longest = parseIlpAddress(`test.${'a'.repeat(1018)}`);
    expect(detailsBudget(longest)).toBe(0);
    expect(codeOf(() => new StreamServerSecrets(OLD).create(longest))).toBe('ADDRESS_TOO_LONG');
  });
});

describe('what credentials refuse', () => {
  it.each([
    ['an expiry that is no whole number', { expiresAt: 1.5 }],
    ['a negative limit', { limit: -1n }],
    ['a limit of 2^64', { limit: 2n ** 64n }],
    ['a scale of 256', { asset: { code: 'X', scale: 256 } }],
    ['a short nonce', { receipts: { nonce: hex('00'), secret: FULL.receipts.secret } }],
    ['a short secret', { receipts: { nonce: FULL.receipts.nonce, secret: hex('00') } }],
    ['a tag that has no UTF-8 form', { tag: '\ud800' }],
  ])('%s', (_, details) => {
    expect(codeOf(() => new StreamServerSecrets(OLD).create(ADDRESS, details))).toBe('BAD_DETAILS');
  });

  it.each([
    ['no secret', []],
    ['a secret of 31 bytes', new Uint8Array(31)],
    ['an old secret of 33 bytes', [NEW, new Uint8Array(33)]],
  ])('%s', (_, secrets) => {
    expect(codeOf(() => new StreamServerSecrets(secrets))).toBe('BAD_SECRET');
  });

  it('details of a later format than this', () => {
    const details = encodeTokenDetails({ tag: 'a' });
    expect(decodeTokenDetails(details)).toEqual({ tag: 'a' });
    expect(decodeTokenDetails(Uint8Array.of(...details, 0))).toBeUndefined();
    expect(decodeTokenDetails(hex('20'))).toBeUndefined();
    expect(decodeTokenDetails(hex('0105'))).toBeUndefined();
  });
});
