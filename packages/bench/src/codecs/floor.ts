/**
 * Hand-written codecs that do the same work and check nothing: how fast a codec can be here at all. They use the
 * fastest primitives known (the same as ours), and cache the day of a timestamp as ours do. Only the address is
 * validated, since a codec that hands out an address has to (ruling on the figures of the codecs).
 */
import type { IlpAddress } from '@pennyswitch/ilp-address';
import type { IlpErrorCode, IlpFulfill, IlpPrepare, IlpReject } from '@pennyswitch/ilp-packet';
import {
  allocateBytes,
  asciiSlice,
  getUInt64,
  lengthOfLength,
  putInt64,
  putLength,
  viewOf,
} from '@pennyswitch/oer-codec';

const IS_SEGMENT = new Uint8Array(256);
for (const c of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_~-') {
  IS_SEGMENT[c.charCodeAt(0)] = 1;
}

/** The address rules for the scheme `g`, which is all that the benchmarks use. */
function validAddress(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== 0x67) return false;
  let previous = 1;
  for (let i = start + 1; i < end; i++) {
    const kind = IS_SEGMENT[bytes[i] as number] as number;
    if (kind === 0 && (bytes[i] !== 46 || previous === 0)) return false;
    previous = kind;
  }
  return previous === 1;
}

/** The length below 2^16 at `at`, whatever its form says. */
function lengthAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return first;
  if (first === 0x81) return bytes[at + 1] as number;
  return ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

let day = NaN;
const dayDigits = new Uint8Array(8);

function putTime(bytes: Uint8Array, at: number, ms: number): void {
  const days = Math.floor(ms / 86_400_000);
  if (days !== day) {
    day = days;
    const iso = new Date(ms).toISOString();
    const text = iso.slice(0, 4) + iso.slice(5, 7) + iso.slice(8, 10);
    for (let i = 0; i < 8; i++) dayDigits[i] = text.charCodeAt(i);
  }
  for (let i = 0; i < 8; i++) bytes[at + i] = dayDigits[i] as number;
  const rest = ms - days * 86_400_000;
  const seconds = (rest / 1000) | 0;
  const minutes = (seconds / 60) | 0;
  const hours = (minutes / 60) | 0;
  const thousandths = rest - seconds * 1000;
  const hundreds = (thousandths / 100) | 0;
  two(bytes, at + 8, hours);
  two(bytes, at + 10, minutes - hours * 60);
  two(bytes, at + 12, seconds - minutes * 60);
  bytes[at + 14] = 48 + hundreds;
  two(bytes, at + 15, thousandths - hundreds * 100);
}

function two(bytes: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0;
  bytes[at] = 48 + tens;
  bytes[at + 1] = 48 + value - tens * 10;
}

let date = -1;
let dateMs = 0;

function getTime(bytes: Uint8Array, at: number): number {
  const ymd =
    ((pair(bytes, at) * 100 + pair(bytes, at + 2)) * 100 + pair(bytes, at + 4)) * 100 +
    pair(bytes, at + 6);
  if (ymd !== date) {
    date = ymd;
    dateMs = Date.UTC(Math.floor(ymd / 10_000), (Math.floor(ymd / 100) % 100) - 1, ymd % 100);
  }
  const minutes = pair(bytes, at + 8) * 60 + pair(bytes, at + 10);
  const seconds = minutes * 60 + pair(bytes, at + 12);
  return dateMs + seconds * 1000 + ((bytes[at + 14] as number) - 48) * 100 + pair(bytes, at + 15);
}

function pair(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) * 10 + (bytes[at + 1] as number) - 528;
}

export function encodePrepare(prepare: IlpPrepare): Uint8Array {
  const { destination, data } = prepare;
  const content =
    57 +
    lengthOfLength(destination.length) +
    destination.length +
    lengthOfLength(data.length) +
    data.length;
  const bytes = allocateBytes(1 + lengthOfLength(content) + content);
  bytes[0] = 12;
  let at = putLength(bytes, 1, content);
  putInt64(bytes, at, prepare.amount);
  putTime(bytes, at + 8, prepare.expiresAt.getTime());
  bytes.set(prepare.executionCondition, at + 25);
  at = putLength(bytes, at + 57, destination.length);
  for (let i = 0; i < destination.length; i++) bytes[at + i] = destination.charCodeAt(i);
  if (!validAddress(bytes, at, at + destination.length)) throw new Error('address');
  at = putLength(bytes, at + destination.length, data.length);
  bytes.set(data, at);
  return bytes;
}

export function decodePrepare(bytes: Uint8Array): IlpPrepare {
  const at = 1 + lengthOfLength(lengthAt(bytes, 1));
  const addressLength = lengthAt(bytes, at + 57);
  const addressAt = at + 57 + lengthOfLength(addressLength);
  const addressEnd = addressAt + addressLength;
  const dataLength = lengthAt(bytes, addressEnd);
  const dataAt = addressEnd + lengthOfLength(dataLength);
  if (!validAddress(bytes, addressAt, addressEnd)) throw new Error('address');
  return {
    amount: getUInt64(bytes, at),
    expiresAt: new Date(getTime(bytes, at + 8)),
    executionCondition: viewOf(bytes, at + 25, at + 57),
    destination: asciiSlice(bytes, addressAt, addressEnd) as IlpAddress,
    data: viewOf(bytes, dataAt, dataAt + dataLength),
  };
}

export function encodeFulfill(fulfill: IlpFulfill): Uint8Array {
  const { data } = fulfill;
  const content = 32 + lengthOfLength(data.length) + data.length;
  const bytes = allocateBytes(1 + lengthOfLength(content) + content);
  bytes[0] = 13;
  let at = putLength(bytes, 1, content);
  bytes.set(fulfill.fulfillment, at);
  at = putLength(bytes, at + 32, data.length);
  bytes.set(data, at);
  return bytes;
}

export function decodeFulfill(bytes: Uint8Array): IlpFulfill {
  const at = 1 + lengthOfLength(lengthAt(bytes, 1));
  const length = lengthAt(bytes, at + 32);
  const dataAt = at + 32 + lengthOfLength(length);
  return { fulfillment: viewOf(bytes, at, at + 32), data: viewOf(bytes, dataAt, dataAt + length) };
}

function putText(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}

export function encodeReject(reject: IlpReject): Uint8Array {
  const { triggeredBy, message, data } = reject;
  const content =
    3 +
    lengthOfLength(triggeredBy.length) +
    triggeredBy.length +
    lengthOfLength(message.length) +
    message.length +
    lengthOfLength(data.length) +
    data.length;
  const bytes = allocateBytes(1 + lengthOfLength(content) + content);
  bytes[0] = 14;
  let at = putLength(bytes, 1, content);
  putText(bytes, at, reject.code);
  at = putLength(bytes, at + 3, triggeredBy.length);
  putText(bytes, at, triggeredBy);
  if (!validAddress(bytes, at, at + triggeredBy.length)) throw new Error('address');
  at = putLength(bytes, at + triggeredBy.length, message.length);
  putText(bytes, at, message);
  at = putLength(bytes, at + message.length, data.length);
  bytes.set(data, at);
  return bytes;
}

export function decodeReject(bytes: Uint8Array): IlpReject {
  const at = 1 + lengthOfLength(lengthAt(bytes, 1));
  const triggerLength = lengthAt(bytes, at + 3);
  const triggerAt = at + 3 + lengthOfLength(triggerLength);
  const triggerEnd = triggerAt + triggerLength;
  const messageLength = lengthAt(bytes, triggerEnd);
  const messageAt = triggerEnd + lengthOfLength(messageLength);
  const messageEnd = messageAt + messageLength;
  const length = lengthAt(bytes, messageEnd);
  const dataAt = messageEnd + lengthOfLength(length);
  if (!validAddress(bytes, triggerAt, triggerEnd)) throw new Error('address');
  return {
    code: asciiSlice(bytes, at, at + 3) as IlpErrorCode,
    triggeredBy: asciiSlice(bytes, triggerAt, triggerEnd) as IlpAddress,
    message: asciiSlice(bytes, messageAt, messageEnd),
    data: viewOf(bytes, dataAt, dataAt + length),
  };
}

/** A cursor that checks nothing. */
export class FloorWriter {
  readonly bytes: Uint8Array;
  offset = 0;

  constructor(size: number) {
    this.bytes = allocateBytes(size);
  }

  uint8(value: number): void {
    this.bytes[this.offset++] = value;
  }

  uint32(value: number): void {
    const { bytes, offset } = this;
    bytes[offset] = value >>> 24;
    bytes[offset + 1] = value >>> 16;
    bytes[offset + 2] = value >>> 8;
    bytes[offset + 3] = value;
    this.offset = offset + 4;
  }

  uint64(value: bigint): void {
    putInt64(this.bytes, this.offset, value);
    this.offset += 8;
  }

  varUInt(value: bigint): void {
    let number = Number(value);
    let size = 1;
    while (number >= 256 ** size) size++;
    this.bytes[this.offset++] = size;
    for (let i = this.offset + size - 1; i >= this.offset; i--) {
      this.bytes[i] = number & 0xff;
      number = Math.floor(number / 256);
    }
    this.offset += size;
  }

  varOctets(value: Uint8Array): void {
    this.offset = putLength(this.bytes, this.offset, value.length);
    this.bytes.set(value, this.offset);
    this.offset += value.length;
  }
}

/** Its counterpart. */
export class FloorReader {
  offset = 0;

  constructor(readonly bytes: Uint8Array) {}

  uint8(): number {
    return this.bytes[this.offset++] as number;
  }

  uint32(): number {
    const { bytes, offset } = this;
    this.offset = offset + 4;
    return (
      (((bytes[offset] as number) << 24) |
        ((bytes[offset + 1] as number) << 16) |
        ((bytes[offset + 2] as number) << 8) |
        (bytes[offset + 3] as number)) >>>
      0
    );
  }

  uint64(): bigint {
    const at = this.offset;
    this.offset = at + 8;
    return getUInt64(this.bytes, at);
  }

  varUInt(): bigint {
    const end = this.offset + 1 + (this.bytes[this.offset] as number);
    let value = 0;
    for (let i = this.offset + 1; i < end; i++) value = value * 256 + (this.bytes[i] as number);
    this.offset = end;
    return BigInt(value);
  }

  varOctets(): Uint8Array {
    const length = lengthAt(this.bytes, this.offset);
    const at = this.offset + lengthOfLength(length);
    this.offset = at + length;
    return viewOf(this.bytes, at, at + length);
  }
}
