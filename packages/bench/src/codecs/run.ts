/**
 * `npm run bench -- codecs`: our codecs, the peers' (npm ilp-packet and oer-utils) and a floor that checks nothing, in
 * one run. Exits with status 1 if a figure that issue and rulings require is missed.
 */
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  decodeFulfill,
  decodePrepare,
  decodeReject,
  encodeFulfill,
  encodePrepare,
  encodeReject,
  PrepareView,
} from '@pennyswitch/ilp-packet';
import {
  ia5String,
  ilpTimestamp,
  integer,
  octetString,
  OerReader,
  OerWriter,
  sequence,
  sequenceByTable,
} from '@pennyswitch/oer-codec';
import * as npm from 'ilp-packet';
import { Reader, Writer } from 'oer-utils';
import { measure } from '../measure.js';
import * as floor from './floor.js';

/** What must be reached: ours compared with the peer's and the floor's speed. */
interface Goal {
  readonly peer?: number;
  readonly floor?: number;
}

interface Row {
  readonly name: string;
  readonly ours: () => unknown;
  readonly peer?: () => unknown;
  readonly floor?: () => unknown;
  readonly goal: Goal;
}

export function run(): void {
  const rows = [
    ...[0, 100, 1024].flatMap(prepareRows),
    ...replyRows(),
    ...cursorRows(),
    ...schemaRows(),
  ];
  console.log(
    'nanoseconds of CPU per call (medians), and our speed as a multiple of the others (required)\n',
  );
  console.log(line(['', 'ours', 'peer', 'floor', '× peer', '× floor']));
  let missed = 0;
  for (const row of rows) missed += report(row);
  console.log(missed === 0 ? '\nall figures reached' : `\n${missed} figures missed`);
  if (missed > 0 || kept === undefined) process.exitCode = 1;
}

function report({ name, ours, peer, floor, goal }: Row): number {
  const result = measure([
    { name: 'ours', job: ours },
    ...(peer ? [{ name: 'peer', job: peer }] : []),
    ...(floor ? [{ name: 'floor', job: floor }] : []),
  ]);
  const time = result.get('ours') ?? NaN;
  let missed = 0;
  const ratio = (other: number | undefined, required: number | undefined): string => {
    if (other === undefined) return '';
    const value = other / time;
    const short = required !== undefined && value < required;
    if (short) missed += 1;
    return `${value.toFixed(2)}${required === undefined ? '' : ` (${required})${short ? ' !' : ''}`}`;
  };
  const ns = (of: string): string => result.get(of)?.toFixed(0) ?? '';
  console.log(
    line([
      name,
      ns('ours'),
      ns('peer'),
      ns('floor'),
      ratio(result.get('peer'), goal.peer),
      ratio(result.get('floor'), goal.floor),
    ]),
  );
  return missed;
}

function line(cells: string[]): string {
  return cells
    .map((cell, i) => (i === 0 ? cell.padEnd(26) : cell.padStart(i < 4 ? 7 : 14)))
    .join('');
}

/** Calls `job` with one item after the other, so that nobody measures a single packet over and over. */
function rotating<T>(items: readonly T[], job: (item: T) => unknown): () => unknown {
  let next = 0;
  return () => {
    const item = items[next] as T;
    next = next + 1 === items.length ? 0 : next + 1;
    return job(item);
  };
}

/** Packets to 16 destinations, as a connector sees them when that many payments run at a time. */
function prepareRows(size: number): Row[] {
  const prepares = Array.from({ length: 16 }, (_, i) => ({
    amount: 1_234_567n + BigInt(i),
    expiresAt: new Date(Date.parse('2026-11-23T10:11:12.345Z') + i * 1234),
    executionCondition: new Uint8Array(32).fill(i),
    destination: parseIlpAddress(`g.us-fed.acme.bob.1234567890abcde${i.toString(16)}`),
    data: new Uint8Array(size).fill(i),
  }));
  const theirs = prepares.map((prepare) => ({
    amount: String(prepare.amount),
    expiresAt: prepare.expiresAt,
    executionCondition: Buffer.from(prepare.executionCondition),
    destination: prepare.destination,
    data: Buffer.from(prepare.data),
  }));
  const packets = prepares.map(encodePrepare);
  const buffers = packets.map((bytes) => Buffer.from(bytes));
  return [
    {
      name: `Prepare encode, data ${size}`,
      ours: rotating(prepares, encodePrepare),
      peer: rotating(theirs, npm.serializeIlpPrepare),
      floor: rotating(prepares, floor.encodePrepare),
      goal: { peer: { 0: 7, 100: 6, 1024: 5 }[size] ?? 1, floor: 0.8 },
    },
    {
      name: `Prepare decode, data ${size}`,
      ours: rotating(packets, (bytes) => decodePrepare(bytes)),
      peer: rotating(buffers, npm.deserializeIlpPrepare),
      floor: rotating(packets, floor.decodePrepare),
      goal: { peer: 4.5, floor: 0.6 },
    },
    {
      name: `Prepare forward, data ${size}`,
      ours: rotating(packets, forward),
      peer: rotating(buffers, (buffer) =>
        npm.serializeIlpPrepare(npm.deserializeIlpPrepare(buffer)),
      ),
      goal: { peer: 20 },
    },
  ];
}

/** Reads destination, amount and expiry, and writes amount and expiry. */
function forward(bytes: Uint8Array): string {
  const view = new PrepareView(bytes);
  view.setAmount(view.amount);
  view.setExpiresAt(view.expiresAtMs);
  return view.destination;
}

/** The same Prepare by a schema; the floor is the hand-written one. */
function schemaRows(): Row[] {
  const schema = sequenceByTable(
    { components: { type: integer(0, 255) }, id: 'type', data: 'data' },
    {
      12: sequence({
        amount: integer(0n, 0xffff_ffff_ffff_ffffn),
        expiresAt: ilpTimestamp(),
        executionCondition: octetString(32),
        destination: ia5String({ size: { max: 1023 } }),
        data: octetString({ max: 32_767 }),
      }),
    },
  );
  const prepare = {
    amount: 1_234_567n,
    expiresAt: new Date('2026-11-23T10:11:12.345Z'),
    executionCondition: new Uint8Array(32).fill(1),
    destination: parseIlpAddress('g.us-fed.acme.bob.1234567890abcdef'),
    data: new Uint8Array(100).fill(1),
  };
  const value = {
    type: 12 as const,
    data: { ...prepare, expiresAt: prepare.expiresAt.getTime() },
  };
  const bytes = encodePrepare(prepare);
  return [
    {
      name: 'schema encode (Prepare)',
      ours: () => schema.encode(value),
      floor: () => floor.encodePrepare(prepare),
      goal: { floor: 0.5 },
    },
    {
      name: 'schema decode (Prepare)',
      ours: () => schema.decode(bytes),
      floor: () => floor.decodePrepare(bytes),
      goal: { floor: 0.5 },
    },
  ];
}

function replyRows(): Row[] {
  const fulfill = { fulfillment: new Uint8Array(32).fill(7), data: new Uint8Array(100).fill(1) };
  const theirFulfill = {
    fulfillment: Buffer.from(fulfill.fulfillment),
    data: Buffer.from(fulfill.data),
  };
  const reject = {
    code: 'F02' as const,
    triggeredBy: parseIlpAddress('g.acme.bob'),
    message: 'no route to the destination',
    data: new Uint8Array(0),
  };
  const theirReject = { ...reject, data: Buffer.alloc(0) };
  const fulfillBytes = encodeFulfill(fulfill);
  const rejectBytes = encodeReject(reject);
  const fulfillBuffer = Buffer.from(fulfillBytes);
  const rejectBuffer = Buffer.from(rejectBytes);
  const goal = { floor: 0.7 };
  return [
    {
      name: 'Fulfill encode',
      ours: () => encodeFulfill(fulfill),
      peer: () => npm.serializeIlpFulfill(theirFulfill),
      floor: () => floor.encodeFulfill(fulfill),
      goal,
    },
    {
      name: 'Fulfill decode',
      ours: () => decodeFulfill(fulfillBytes),
      peer: () => npm.deserializeIlpFulfill(fulfillBuffer),
      floor: () => floor.decodeFulfill(fulfillBytes),
      goal,
    },
    {
      name: 'Reject encode',
      ours: () => encodeReject(reject),
      peer: () => npm.serializeIlpReject(theirReject),
      floor: () => floor.encodeReject(reject),
      goal,
    },
    {
      name: 'Reject decode',
      ours: () => decodeReject(rejectBytes),
      peer: () => npm.deserializeIlpReject(rejectBuffer),
      floor: () => floor.decodeReject(rejectBytes),
      goal,
    },
  ];
}

let kept: unknown;

/** Uses a value, so that no engine can leave out what made it. */
function keep(value: unknown): void {
  kept = value;
}

/** Five values of different kinds, as a STREAM frame or a route has them. */
function cursorRows(): Row[] {
  const octets = new Uint8Array(40).fill(3);
  const buffer = Buffer.from(octets);
  const size = 1 + 4 + 8 + 4 + 41;
  const long = Reader.from(encodeUInt64(123_456_789_012_345n)).readUInt64Long();
  const small = Reader.from(encodeUInt64(70_000n)).readUInt64Long();
  const write = (): Uint8Array => {
    const writer = new OerWriter(size);
    writer.writeUInt8(16);
    writer.writeUInt32(123_456_789);
    writer.writeUInt64(123_456_789_012_345n);
    writer.writeVarUInt(70_000n);
    writer.writeVarOctets(octets);
    return writer.finish();
  };
  const bytes = write();
  const input = Buffer.from(bytes);
  return [
    {
      name: 'cursor write',
      ours: write,
      peer: () => {
        const writer = new Writer(size);
        writer.writeUInt8(16);
        writer.writeUInt32(123_456_789);
        writer.writeUInt64(long);
        writer.writeVarUInt(small);
        writer.writeVarOctetString(buffer);
        return writer.getBuffer();
      },
      floor: () => {
        const writer = new floor.FloorWriter(size);
        writer.uint8(16);
        writer.uint32(123_456_789);
        writer.uint64(123_456_789_012_345n);
        writer.varUInt(70_000n);
        writer.varOctets(octets);
        return writer.bytes;
      },
      goal: { peer: 5, floor: 0.7 },
    },
    {
      name: 'cursor read',
      ours: () => {
        const reader = new OerReader(bytes);
        keep(reader.readUInt8());
        keep(reader.readUInt32());
        keep(reader.readUInt64());
        keep(reader.readVarUInt());
        return reader.readVarOctets();
      },
      peer: () => {
        const reader = new Reader(input);
        keep(reader.readUInt8Number());
        keep(reader.readUInt32Number());
        keep(reader.readUInt64Long());
        keep(reader.readVarUIntLong());
        return reader.readVarOctetString();
      },
      floor: () => {
        const reader = new floor.FloorReader(bytes);
        keep(reader.uint8());
        keep(reader.uint32());
        keep(reader.uint64());
        keep(reader.varUInt());
        return reader.varOctets();
      },
      goal: { peer: 5, floor: 0.7 },
    },
  ];
}

/** Eight bytes for the peer to make one of its own numbers of. */
function encodeUInt64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
