import { readFileSync } from 'node:fs';
import { decodePrepare, encodePrepare, PEER_PROTOCOL_CONDITION } from '@pennyswitch/ilp-packet';
import { describe, expect, it } from 'vitest';
import {
  decodeRouteControlRequest,
  decodeRouteUpdateRequest,
  encodeRouteControlRequest,
  encodeRouteUpdateRequest,
  isAuthentic,
  nextAuth,
  originAuth,
  type RouteControlRequest,
  type RouteUpdateRequest,
} from '../src/index.js';

/** The vectors of the protocol's description. */
const page = readFileSync(new URL('../../../docs/protocols/ccp.md', import.meta.url), 'utf8');

interface Vector {
  readonly kind: string;
  readonly hex: string;
  readonly value: unknown;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

/** Texts that begin with `hex:` stand for bytes. */
function revive(_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.startsWith('hex:') ? bytesOf(value.slice(4)) : value;
}

const vectors = Array.from(
  page.matchAll(/^```json vector\n(.*?)^```$/gms),
  (match) => JSON.parse(match[1] ?? '', revive) as Vector,
);

function of(kind: string): [string, Vector][] {
  return vectors.filter((one) => one.kind === kind).map((one) => [one.hex.slice(0, 16), one]);
}

describe('docs/protocols/ccp.md', () => {
  it('has vectors of every kind', () => {
    expect(vectors.map(({ kind }) => kind)).toEqual([
      'control',
      'control',
      'update',
      'update',
      'prepare',
      'auth',
    ]);
  });

  it.each(of('control'))('has the control request %s…', (_, { hex, value }) => {
    expect(decodeRouteControlRequest(bytesOf(hex))).toEqual(value);
    expect(hexOf(encodeRouteControlRequest(value as RouteControlRequest))).toBe(hex);
  });

  it.each(of('update'))('has the update %s…', (_, { hex, value }) => {
    expect(decodeRouteUpdateRequest(bytesOf(hex))).toEqual(value);
    expect(hexOf(encodeRouteUpdateRequest(value as RouteUpdateRequest))).toBe(hex);
  });

  it.each(of('prepare'))('has the Prepare %s…', (_, { hex, value }) => {
    const { expiresAt, destination, data } = value as Record<string, string> & { data: Uint8Array };
    const prepare = decodePrepare(bytesOf(hex));
    expect(prepare).toEqual({
      amount: 0n,
      expiresAt: new Date(expiresAt ?? ''),
      executionCondition: PEER_PROTOCOL_CONDITION,
      destination,
      data,
    });
    expect(hexOf(encodePrepare(prepare))).toBe(hex);
  });

  it('has authenticators', () => {
    const vector = vectors.find(({ kind }) => kind === 'auth') as unknown as Record<string, string>;
    const { prefix = '', origin, told, next = '' } = vector;
    const secret = bytesOf(vector['secret'] ?? '');
    const first = originAuth(secret, prefix);
    expect(hexOf(first)).toBe(origin);
    expect(hexOf(nextAuth(first))).toBe(told);
    expect(hexOf(nextAuth(nextAuth(first)))).toBe(next);
    const route = { prefix, path: ['g.bob', 'g.alice'], auth: bytesOf(next) };
    expect(isAuthentic(route, secret)).toBe(true);
    expect(isAuthentic({ ...route, path: ['g.alice'] }, secret)).toBe(false);
  });
});
