/** CCP against npm ilp-protocol-ccp: the same bytes, and a router that talks to a peer made of its codec. */
import {
  CcpRouter,
  decodeRouteControlRequest,
  decodeRouteUpdateRequest,
  encodeCcpResponse,
  encodeRouteControlRequest,
  encodeRouteUpdateRequest,
  NO_TABLE,
  type AnnouncedRoute,
  type RouteControlRequest,
  type RouteProperty,
  type RouteUpdateRequest,
} from '@pennyswitch/ccp-routing';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { packetType } from '@pennyswitch/ilp-packet';
import { seededRandom } from '@pennyswitch/testkit';
import * as fc from 'fast-check';
import * as peer from 'ilp-protocol-ccp';
import { describe, expect, it } from 'vitest';

const uint32 = fc.nat(0xffff_ffff);
const text = fc.stringMatching(/^[a-z0-9.~_-]{0,200}$/);

const controls: fc.Arbitrary<RouteControlRequest> = fc.record({
  mode: fc.constantFrom('idle', 'sync'),
  lastKnownRoutingTableId: fc.uuid(),
  lastKnownEpoch: uint32,
  features: fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { maxLength: 5 }),
});

/** Flags of every kind, those that no writer keeps included. */
const properties: fc.Arbitrary<RouteProperty> = fc.record({
  id: fc.nat(0xffff),
  isOptional: fc.boolean(),
  isTransitive: fc.boolean(),
  isPartial: fc.boolean(),
  value: fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 200 }),
    fc.uint8Array({ maxLength: 300 }),
  ),
});

const routes: fc.Arbitrary<AnnouncedRoute> = fc.record({
  prefix: text,
  path: fc.array(text, { maxLength: 5 }),
  auth: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  properties: fc.array(properties, { maxLength: 3 }),
});

const updates: fc.Arbitrary<RouteUpdateRequest> = fc
  .record({
    routingTableId: fc.uuid(),
    epochs: fc.tuple(uint32, uint32, uint32),
    holdDownTimeMs: uint32,
    speaker: text,
    newRoutes: fc.array(routes, { maxLength: 5 }),
    withdrawnRoutes: fc.array(text, { maxLength: 5 }),
  })
  .map(({ epochs, ...rest }) => {
    const [fromEpochIndex = 0, toEpochIndex = 0, currentEpochIndex = 0] = [...epochs].sort(
      (a, b) => a - b,
    );
    return { ...rest, fromEpochIndex, toEpochIndex, currentEpochIndex };
  });

function asTheirControl(request: RouteControlRequest): peer.CcpRouteControlRequest {
  const mode = request.mode === 'sync' ? peer.Mode.MODE_SYNC : peer.Mode.MODE_IDLE;
  return { ...request, mode, features: [...request.features] };
}

function asTheirUpdate({
  holdDownTimeMs,
  ...update
}: RouteUpdateRequest): peer.CcpRouteUpdateRequest {
  return {
    ...update,
    holdDownTime: holdDownTimeMs,
    withdrawnRoutes: [...update.withdrawnRoutes],
    newRoutes: update.newRoutes.map(({ prefix, path, auth, properties: props }) => ({
      prefix,
      path: [...path],
      auth: Buffer.from(auth),
      props: props.map(({ value, ...flags }) =>
        typeof value === 'string'
          ? { ...flags, isUtf8: true as const, value }
          : { ...flags, isUtf8: false as const, value: Buffer.from(value) },
      ),
    })),
  };
}

describe('the bytes', () => {
  it('of a control request are those of npm ilp-protocol-ccp', () => {
    fc.assert(
      fc.property(controls, (request) => {
        const theirs = peer.serializeCcpRouteControlRequestPayload(asTheirControl(request));
        expect(Buffer.from(encodeRouteControlRequest(request))).toEqual(theirs);
        expect(decodeRouteControlRequest(theirs)).toEqual(request);
        expect(peer.deserializeCcpRouteControlRequestPayload(theirs)).toEqual(
          asTheirControl(request),
        );
      }),
    );
  });

  it('of an update are those of npm ilp-protocol-ccp, flags that no writer keeps included', () => {
    fc.assert(
      fc.property(updates, (request) => {
        const theirs = peer.serializeCcpRouteUpdateRequestPayload(asTheirUpdate(request));
        const ours = encodeRouteUpdateRequest(request);
        expect(Buffer.from(ours)).toEqual(theirs);
        const read = decodeRouteUpdateRequest(theirs);
        expect(asTheirUpdate(read)).toEqual(
          peer.deserializeCcpRouteUpdateRequestPayload(Buffer.from(ours)),
        );
      }),
    );
  });

  it('of a response are those of npm ilp-protocol-ccp', () => {
    expect(Buffer.from(encodeCcpResponse())).toEqual(peer.serializeCcpResponse());
  });
});

describe('a router and a peer that speaks with npm ilp-protocol-ccp', () => {
  function setUp(): { router: CcpRouter; polled: () => Buffer[] } {
    const random = seededRandom(1);
    const router = new CcpRouter({
      address: parseIlpAddress('g.ours'),
      routingSecret: new Uint8Array(32),
      randomBytes: (length) => random.bytes(length),
    });
    router.addAccount('peer', { relation: 'peer' }, Date.now());
    router.handleConnected('peer', Date.now());
    const polled = (): Buffer[] => {
      const packets: Buffer[] = [];
      const now = Date.now();
      for (let next = router.poll(now); next !== undefined; next = router.poll(now)) {
        packets.push(Buffer.from(next.prepare));
        router.handleReply(next.id, peer.serializeCcpResponse(), now);
      }
      return packets;
    };
    return { router, polled };
  }

  it('asks it for routes, and is asked for its own', () => {
    const { router, polled } = setUp();
    const [control] = polled();
    expect(peer.deserializeCcpRouteControlRequest(control as Buffer)).toEqual({
      mode: peer.Mode.MODE_SYNC,
      lastKnownRoutingTableId: NO_TABLE,
      lastKnownEpoch: 0,
      features: [],
    });
    const asked = peer.serializeCcpRouteControlRequest({
      mode: peer.Mode.MODE_SYNC,
      lastKnownRoutingTableId: NO_TABLE,
      lastKnownEpoch: 0,
      features: [],
    });
    peer.deserializeCcpResponse(Buffer.from(router.handlePrepare('peer', asked, Date.now())));
    const [update] = polled();
    expect(peer.deserializeCcpRouteUpdateRequest(update as Buffer)).toMatchObject({
      currentEpochIndex: 1,
      fromEpochIndex: 0,
      toEpochIndex: 1,
      holdDownTime: 45_000,
      speaker: 'g.ours',
      newRoutes: [{ prefix: 'g.ours', path: ['g.ours'], props: [] }],
      withdrawnRoutes: [],
    });
  });

  it('takes its routes, also those of one that has no address yet or leaves itself off the path', () => {
    const { router } = setUp();
    const auth = Buffer.alloc(32);
    const update = peer.serializeCcpRouteUpdateRequest({
      routingTableId: '21e55f8e-abcd-4e97-9ab9-bf0ff00a224c',
      currentEpochIndex: 3,
      fromEpochIndex: 0,
      toEpochIndex: 3,
      holdDownTime: 45_000,
      speaker: 'unknown',
      newRoutes: [
        { prefix: 'unknown', path: ['unknown'], auth, props: [] },
        { prefix: 'g.theirs', path: [], auth, props: [] },
        { prefix: 'g.behind', path: ['g.theirs', 'g.behind'], auth, props: [] },
      ],
      withdrawnRoutes: ['unknown'],
    });
    peer.deserializeCcpResponse(Buffer.from(router.handlePrepare('peer', update, Date.now())));
    expect(router.routes().map(({ prefix }) => prefix)).toEqual(['g.behind', 'g.ours', 'g.theirs']);
    expect(router.nextHops(parseIlpAddress('g.behind.x'))).toEqual([{ accountId: 'peer' }]);
  });

  it('answers what it may not send with a Reject', () => {
    const { router } = setUp();
    const control = peer.serializeCcpRouteControlRequest({
      mode: peer.Mode.MODE_SYNC,
      lastKnownRoutingTableId: NO_TABLE,
      lastKnownEpoch: 0,
      features: [],
    });
    expect(packetType(router.handlePrepare('stranger', control, Date.now()))).toBe(14);
  });
});
