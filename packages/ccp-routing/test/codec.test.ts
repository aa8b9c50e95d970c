import { OerDecodeError, OerEncodeError } from '@pennyswitch/oer-codec';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeRouteControlRequest,
  decodeRouteUpdateRequest,
  encodeRouteControlRequest,
  encodeRouteUpdateRequest,
  type RouteControlRequest,
  type RouteProperty,
  type RouteUpdateRequest,
} from '../src/index.js';
import { sizeOfRoute, sizeOfUpdateHead } from '../src/update-request.js';

const uint32 = fc.nat(0xffff_ffff);
const tableId = fc.uuid();
const text = fc.stringMatching(/^[a-z0-9.~_-]{0,40}$/);

const control: fc.Arbitrary<RouteControlRequest> = fc.record({
  mode: fc.constantFrom('idle', 'sync'),
  lastKnownRoutingTableId: tableId,
  lastKnownEpoch: uint32,
  features: fc.array(fc.string({ unit: 'grapheme', maxLength: 10 }), { maxLength: 5 }),
});

const property: fc.Arbitrary<RouteProperty> = fc
  .record({
    id: fc.nat(0xffff),
    flags: fc.constantFrom(
      { isOptional: false, isTransitive: true, isPartial: false },
      { isOptional: true, isTransitive: false, isPartial: false },
      { isOptional: true, isTransitive: true, isPartial: false },
      { isOptional: true, isTransitive: true, isPartial: true },
    ),
    value: fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.uint8Array({ maxLength: 200 }),
    ),
  })
  .map(({ id, flags, value }) => ({ id, ...flags, value }));

const update: fc.Arbitrary<RouteUpdateRequest> = fc
  .record({
    routingTableId: tableId,
    epochs: fc.tuple(uint32, uint32, uint32),
    holdDownTimeMs: uint32,
    speaker: text,
    newRoutes: fc.array(
      fc.record({
        prefix: text,
        path: fc.array(text, { maxLength: 5 }),
        auth: fc.uint8Array({ minLength: 32, maxLength: 32 }),
        properties: fc.array(property, { maxLength: 3 }),
      }),
      { maxLength: 5 },
    ),
    withdrawnRoutes: fc.array(text, { maxLength: 5 }),
  })
  .map(({ epochs, ...rest }) => {
    const [fromEpochIndex, toEpochIndex, currentEpochIndex] = [...epochs].sort((a, b) => a - b) as [
      number,
      number,
      number,
    ];
    return { ...rest, fromEpochIndex, toEpochIndex, currentEpochIndex };
  });

const HEARTBEAT: RouteUpdateRequest = {
  routingTableId: '21e55f8e-abcd-4e97-9ab9-bf0ff00a224c',
  currentEpochIndex: 52,
  fromEpochIndex: 52,
  toEpochIndex: 52,
  holdDownTimeMs: 30_000,
  speaker: 'example.alice',
  newRoutes: [],
  withdrawnRoutes: [],
};

describe('both requests', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(control, (request) => {
        expect(decodeRouteControlRequest(encodeRouteControlRequest(request))).toEqual(request);
      }),
    );
    fc.assert(
      fc.property(update, (request) => {
        expect(decodeRouteUpdateRequest(encodeRouteUpdateRequest(request))).toEqual(request);
      }),
    );
  });

  it('may have fields behind these that a later version adds', () => {
    const bytes = encodeRouteUpdateRequest(HEARTBEAT);
    expect(decodeRouteUpdateRequest(Uint8Array.of(...bytes, 9))).toEqual(HEARTBEAT);
  });

  it('decode from any bytes to a value or an OerDecodeError', () => {
    const decode = fc.constantFrom(decodeRouteControlRequest, decodeRouteUpdateRequest);
    fc.assert(
      fc.property(decode, fc.uint8Array({ maxLength: 300 }), (read, bytes) => {
        try {
          read(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(OerDecodeError);
        }
      }),
    );
    fc.assert(
      fc.property(update, fc.nat(), fc.nat(255), (request, at, byte) => {
        const bytes = encodeRouteUpdateRequest(request).slice();
        bytes[at % bytes.length] = byte;
        try {
          decodeRouteUpdateRequest(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(OerDecodeError);
        }
      }),
    );
  });

  it('are refused when cut off anywhere', () => {
    const bytes = encodeRouteUpdateRequest({ ...HEARTBEAT, withdrawnRoutes: ['g.x'] });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeRouteUpdateRequest(bytes.subarray(0, length))).toThrow(OerDecodeError);
    }
  });
});

describe('the control request', () => {
  it('has no mode but 0 and 1', () => {
    const bytes = encodeRouteControlRequest({
      mode: 'idle',
      lastKnownRoutingTableId: HEARTBEAT.routingTableId,
      lastKnownEpoch: 0,
      features: [],
    }).slice();
    bytes[0] = 2;
    expect(() => decodeRouteControlRequest(bytes)).toThrow('the mode is 2, expected 0 or 1');
  });
});

describe('the update', () => {
  it.each([
    [1, 0, 1],
    [0, 2, 1],
  ])('is refused with epochs from %i to %i of %i', (from, to, current) => {
    const bytes = encodeRouteUpdateRequest({
      ...HEARTBEAT,
      fromEpochIndex: from,
      toEpochIndex: to,
      currentEpochIndex: current,
    });
    expect(() => decodeRouteUpdateRequest(bytes)).toThrow(
      `epochs run from ${from} to ${to} of ${current}`,
    );
  });

  it('is refused at once where it announces more routes than it has bytes for', () => {
    const bytes = encodeRouteUpdateRequest(HEARTBEAT);
    const count = bytes.length - 4;
    for (const announced of [1, 100]) {
      const forged = Uint8Array.of(...bytes);
      forged[count + 1] = announced;
      expect(() => decodeRouteUpdateRequest(forged)).toThrow(
        `needs ${announced * 37} bytes, 2 are left`,
      );
    }
  });

  it('is not written with an authenticator of another size, an id that is none, or texts outside ASCII', () => {
    const route = { prefix: 'g.x', path: [], auth: new Uint8Array(31), properties: [] };
    for (const wrong of [
      { newRoutes: [route] },
      { routingTableId: 'mine' },
      { speaker: 'g.é' },
      { holdDownTimeMs: 2 ** 32 },
    ]) {
      expect(() => encodeRouteUpdateRequest({ ...HEARTBEAT, ...wrong })).toThrow(OerEncodeError);
    }
  });

  it('has a size that is known before it is written', () => {
    fc.assert(
      fc.property(update, (request) => {
        const newRoutes = request.newRoutes.map((route) => ({ ...route, properties: [] }));
        const written = encodeRouteUpdateRequest({ ...request, newRoutes, withdrawnRoutes: [] });
        const routes = newRoutes.reduce(
          (sum, { prefix, path }) => sum + sizeOfRoute(prefix, path),
          0,
        );
        // The head leaves room for longer counts than these.
        expect(written.length).toBe(sizeOfUpdateHead(request.speaker) + routes - 2);
      }),
    );
  });

  it('marks a property that is not optional as transitive, as deployed writers do', () => {
    const read = (property: RouteProperty): RouteProperty | undefined => {
      const auth = new Uint8Array(32);
      const newRoutes = [{ prefix: 'g.x', path: [], auth, properties: [property] }];
      const bytes = encodeRouteUpdateRequest({ ...HEARTBEAT, newRoutes });
      return decodeRouteUpdateRequest(bytes).newRoutes[0]?.properties[0];
    };
    const all = { id: 5, isOptional: false, isTransitive: false, isPartial: true, value: 'x' };
    expect(read(all)).toEqual({ ...all, isTransitive: true, isPartial: false });
    expect(read({ ...all, isOptional: true })).toEqual({
      ...all,
      isOptional: true,
      isPartial: false,
    });
  });
});
