/**
 * Every hand-tuned codec against the schema that is parsed from its module in docs/asn1: byte for byte the same over
 * generated values.
 */
import { encodeBtpPacket, type BtpWritablePacket, type ProtocolData } from '@pennyswitch/btp';
import {
  decodeRouteUpdateRequest,
  encodeRouteControlRequest,
  encodeRouteUpdateRequest,
} from '@pennyswitch/ccp-routing';
import { decodeIldcpResponse, encodeIldcpResponse } from '@pennyswitch/ildcp';
import {
  encodeAmountTooLargeData,
  encodeFulfill,
  encodePrepare,
  encodeReject,
} from '@pennyswitch/ilp-packet';
import { compileAsn1, printTypeScript } from '@pennyswitch/oer-codec/asn1';
import {
  createReceipt,
  encodeStreamPacket,
  FRAME_TYPE_IDS,
  type StreamFrame,
} from '@pennyswitch/stream';
import { seededRandom, type SeededRandom } from '@pennyswitch/testkit';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  addressOf,
  dateOf,
  fulfillOf,
  octetsOf,
  prepareOf,
  rejectOf,
  uintOf,
} from './codecs-values.js';

const FOLDER = new URL('../../../docs/asn1/', import.meta.url);
const SOURCES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.asn'))
  .map((name) => readFileSync(new URL(name, FOLDER), 'utf8'));
const SCHEMAS = compileAsn1(...SOURCES);
const RUNS = 3000;

/** The schema writes `value` as `bytes`, and reads them strictly as something that it writes as the same bytes. */
function agrees(type: string, value: unknown, bytes: Uint8Array): void {
  const schema = SCHEMAS.get(type);
  if (schema === undefined) throw new Error(`docs/asn1 has no type ${type}`);
  const encoded = schema.encode(value);
  if (Buffer.compare(encoded, bytes) !== 0) {
    expect({ value, bytes: Buffer.from(encoded).toString('hex') }).toEqual({
      value,
      bytes: Buffer.from(bytes).toString('hex'),
    });
  }
  expect(Buffer.compare(schema.encode(schema.decodeStrict(bytes)), bytes)).toBe(0);
}

function repeat(seed: number, check: (random: SeededRandom) => void): void {
  const random = seededRandom(seed);
  for (let i = 0; i < RUNS; i++) check(random);
}

const timestamp = (date: Date): string => date.toISOString().replace(/\D/g, '');

describe('Interledger.asn', () => {
  test('Prepare', () => {
    repeat(21, (random) => {
      const prepare = prepareOf(random);
      const data = { ...prepare, expiresAt: timestamp(prepare.expiresAt) };
      agrees('Packet', { type: 12, data }, encodePrepare(prepare));
    });
  });

  test('Fulfill', () => {
    repeat(22, (random) => {
      const data = fulfillOf(random);
      agrees('Packet', { type: 13, data }, encodeFulfill(data));
    });
  });

  test('Reject', () => {
    repeat(23, (random) => {
      const data = rejectOf(random);
      agrees('Packet', { type: 14, data }, encodeReject(data));
    });
  });

  test('the data of F08', () => {
    repeat(24, (random) => {
      const value = { receivedAmount: uintOf(random, 64), maximumAmount: uintOf(random, 64) };
      agrees('AmountTooLarge', value, encodeAmountTooLargeData(value));
    });
  });
});

function protocolDataOf(random: SeededRandom): ProtocolData[] {
  return Array.from({ length: random.int(0, 3) }, (_, i) => ({
    protocolName: `protocol${i}`,
    contentType: random.int(0, 2),
    data: octetsOf(random),
  }));
}

function btpPacketOf(random: SeededRandom): BtpWritablePacket {
  const base = { requestId: random.int(0, 0xffff_ffff), protocolData: protocolDataOf(random) };
  switch (random.int(0, 3)) {
    case 0:
      return { type: 6, ...base };
    case 1:
      return { type: 1, ...base };
    case 2:
      return { type: 7, ...base, amount: uintOf(random, 64) };
    default:
      return {
        type: 2,
        ...base,
        code: 'F00',
        name: 'NotAcceptedError',
        triggeredAt: { epochMs: dateOf(random).getTime(), leapSecond: false },
        data: octetsOf(random),
      };
  }
}

test('BilateralTransfer.asn', () => {
  repeat(25, (random) => {
    const packet = btpPacketOf(random);
    const { type, requestId, ...data } = packet;
    agrees('BtpPacket', { type, requestId, data }, encodeBtpPacket(packet));
  });
});

test('ChildConfiguration.asn', () => {
  repeat(26, (random) => {
    const value = {
      clientAddress: addressOf(random),
      assetScale: random.int(0, 255),
      assetCode: ['EUR', 'XRP', '€', 'x'.repeat(130)][random.int(0, 3)] as string,
    };
    const bytes = encodeIldcpResponse(value);
    agrees('IldcpResponse', value, bytes);
    expect(decodeIldcpResponse(bytes)).toEqual(value);
  });
});

describe('RouteBroadcast.asn', () => {
  const ID = '21e55f8e-abcd-4e97-9ab9-bf0ff00a224c';
  const idOctets = Uint8Array.from(Buffer.from(ID.replaceAll('-', ''), 'hex'));

  test('RouteControlRequest', () => {
    repeat(27, (random) => {
      const mode = random.int(0, 1);
      const lastKnownEpoch = random.int(0, 0xffff_ffff);
      const features = Array.from({ length: random.int(0, 3) }, () => '€'.repeat(random.int(0, 5)));
      const bytes = encodeRouteControlRequest({
        mode: mode === 0 ? 'idle' : 'sync',
        lastKnownRoutingTableId: ID,
        lastKnownEpoch,
        features,
      });
      agrees(
        'RouteControlRequest',
        { mode, lastKnownRoutingTableId: idOctets, lastKnownEpoch, features },
        bytes,
      );
    });
  });

  test('RouteUpdateRequest', () => {
    repeat(28, (random) => {
      const newRoutes = Array.from({ length: random.int(0, 3) }, () => ({
        prefix: addressOf(random),
        path: Array.from({ length: random.int(0, 3) }, () => addressOf(random) as string),
        auth: new Uint8Array(32).fill(random.int(0, 255)),
        properties: Array.from({ length: random.int(0, 2) }, () => ({
          id: random.int(0, 65_535),
          isOptional: true,
          isTransitive: true,
          isPartial: random.chance(0.5),
          value: octetsOf(random),
        })),
      }));
      const head = {
        currentEpochIndex: random.int(1000, 0xffff_ffff),
        fromEpochIndex: random.int(0, 500),
        toEpochIndex: random.int(500, 1000),
        speaker: addressOf(random),
        withdrawnRoutes: Array.from({ length: random.int(0, 3) }, () => addressOf(random)),
      };
      const holdDownTimeMs = random.int(0, 0xffff_ffff);
      const update = { ...head, routingTableId: ID, holdDownTimeMs, newRoutes };
      const bytes = encodeRouteUpdateRequest(update);
      const routes = newRoutes.map((route) => ({
        ...route,
        properties: route.properties.map(({ id, isPartial, value }) => ({
          flags: { bytes: Uint8Array.of(isPartial ? 0xe0 : 0xc0), length: 8 },
          id,
          value,
        })),
      }));
      agrees(
        'RouteUpdateRequest',
        { ...head, routingTableId: idOctets, holdDownTime: holdDownTimeMs, newRoutes: routes },
        bytes,
      );
      expect(decodeRouteUpdateRequest(bytes)).toEqual(update);
    });
  });
});

/** Frames of every type, as the hand-written codec takes them. */
function frameOf(random: SeededRandom): StreamFrame {
  const streamId = random.int(0, 300);
  const offset = random.int(0, 2 ** 40);
  const errorCode = random.int(0, 255);
  const errorMessage = '€'.repeat(random.int(0, 50));
  const [a, b] = [uintOf(random, 64), uintOf(random, 64)];
  const frames: StreamFrame[] = [
    { type: 'ConnectionClose', errorCode, errorMessage },
    { type: 'ConnectionNewAddress', sourceAddress: random.chance(0.2) ? '' : addressOf(random) },
    { type: 'ConnectionMaxData', maxOffset: offset },
    { type: 'ConnectionDataBlocked', maxOffset: offset },
    { type: 'ConnectionMaxStreamId', maxStreamId: streamId },
    { type: 'ConnectionStreamIdBlocked', maxStreamId: streamId },
    { type: 'ConnectionAssetDetails', assetCode: 'EUR', assetScale: random.int(0, 255) },
    { type: 'StreamClose', streamId, errorCode, errorMessage },
    { type: 'StreamMoney', streamId, shares: a },
    { type: 'StreamMaxMoney', streamId, receiveMax: a, totalReceived: b },
    { type: 'StreamMoneyBlocked', streamId, sendMax: a, totalSent: b },
    { type: 'StreamData', streamId, offset, data: octetsOf(random) },
    { type: 'StreamMaxData', streamId, maxOffset: offset },
    { type: 'StreamDataBlocked', streamId, maxOffset: offset },
    { type: 'StreamReceipt', streamId, receipt: octetsOf(random) },
  ];
  return frames[random.int(0, frames.length - 1)] as StreamFrame;
}

/** Every number that the module calls a VarUInt becomes a bigint, as schemas have it. */
function forSchema({ type, ...fields }: StreamFrame): unknown {
  const data = Object.fromEntries(
    Object.entries(fields).map(([name, value]: [string, unknown]) => {
      const isByte = name === 'errorCode' || name === 'assetScale';
      return [name, typeof value === 'number' && !isByte ? BigInt(value) : value];
    }),
  );
  return { type: FRAME_TYPE_IDS[type], data };
}

describe('Stream.asn', () => {
  test('StreamPacket with frames of every type', () => {
    repeat(29, (random) => {
      const packet = {
        ilpPacketType: [12, 13, 14][random.int(0, 2)] as 12 | 13 | 14,
        sequence: random.int(0, 2 ** 31),
        prepareAmount: uintOf(random, 64),
        frames: Array.from({ length: random.int(0, 6) }, () => frameOf(random)),
      };
      const value = {
        ...packet,
        version: 1,
        sequence: BigInt(packet.sequence),
        frames: packet.frames.map(forSchema),
      };
      agrees('StreamPacket', value, encodeStreamPacket(packet));
    });
  });

  test('Receipt', () => {
    repeat(30, (random) => {
      const nonce = new Uint8Array(16).fill(random.int(0, 255));
      const [streamId, totalReceived] = [random.int(0, 255), uintOf(random, 64)];
      const bytes = createReceipt({ nonce, secret: new Uint8Array(32) }, streamId, totalReceived);
      const hmac = bytes.slice(-32);
      agrees('Receipt', { version: 1, nonce, streamId, totalReceived, hmac }, bytes);
    });
  });
});

test('a module that has one bound wrong does not agree', () => {
  const wrong = SOURCES.map((source) => source.replace('(0..18446744073709551615)', '(0..MAX)'));
  const schema = compileAsn1(...wrong).get('AmountTooLarge');
  const value = { receivedAmount: 1n, maximumAmount: 2n };
  expect(schema?.encode(value)).not.toEqual(encodeAmountTooLargeData(value));
});

test('the TypeScript of the modules defines what the schemas are', () => {
  const code = printTypeScript(...SOURCES);
  expect(code).toContain(
    'export const Packet = sequenceByTable({ components: { type: UInt8 }, id: "type", data: "data" }, ' +
      '{ 12: Prepare, 13: Fulfill, 14: Reject });',
  );
  expect(code).toContain('export type StreamPacket = Infer<typeof StreamPacket>;');
});
