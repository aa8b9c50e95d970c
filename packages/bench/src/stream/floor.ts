/**
 * What a payment must do to each packet, by hand, for one connection whose every length is known: encrypt, make the fulfillment and
 * the condition, write the Prepare; open it, check, fulfill, encrypt the reply; check the fulfillment, open the reply. It makes
 * no decisions, follows no window, keeps no totals but one, and serves nobody but this benchmark.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  type KeyObject,
} from 'node:crypto';

const ENVELOPE = 28;
const DESTINATION_AT = 60;
const EXPIRY = Buffer.from('20360101000000000', 'latin1');

/** Both keys of a connection. */
export interface FloorKeys {
  readonly encryption: KeyObject;
  readonly fulfillment: KeyObject;
}

export function floorKeys(secret: Uint8Array): FloorKeys {
  const derive = (label: string): KeyObject =>
    createSecretKey(createHmac('sha256', secret).update(label).digest());
  return {
    encryption: derive('ilp_stream_encryption'),
    fulfillment: derive('ilp_stream_fulfillment'),
  };
}

/** Encrypts into an envelope. */
export function seal(key: KeyObject, plaintext: Uint8Array, iv: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  const envelope = new Uint8Array(ENVELOPE + ciphertext.length);
  envelope.set(iv);
  envelope.set(cipher.getAuthTag(), 12);
  envelope.set(ciphertext, ENVELOPE);
  return envelope;
}

export function open(key: KeyObject, envelope: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', key, envelope.subarray(0, 12));
  decipher.setAuthTag(envelope.subarray(12, ENVELOPE));
  const plaintext = decipher.update(envelope.subarray(ENVELOPE));
  decipher.final();
  return plaintext;
}

export function hmac(key: KeyObject, message: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(message).digest();
}

/** A frame of the only type that the floor writes. */
export interface MoneyFrame {
  readonly type: 'StreamMoney';
  readonly streamId: number;
  readonly shares: bigint;
}

/** What is written and read: the same object as ours. Numbers are below 2^31 here. */
export interface MoneyPacket {
  readonly ilpPacketType: number;
  readonly sequence: number;
  readonly prepareAmount: bigint;
  readonly frames: readonly MoneyFrame[];
}

/** Writes a packet of StreamMoney frames, numbers as short as they can be, and checks nothing. */
export function writeMoney(packet: MoneyPacket): Uint8Array {
  const { sequence, frames } = packet;
  const amount = Number(packet.prepareAmount);
  let size = 6 + lengthOf(sequence) + lengthOf(amount);
  for (const { streamId, shares } of frames) {
    size += 4 + lengthOf(streamId) + lengthOf(Number(shares));
  }
  const bytes = new Uint8Array(size);
  bytes[0] = 1;
  bytes[1] = packet.ilpPacketType;
  let at = put(bytes, 2, sequence);
  at = put(bytes, at, amount);
  at = put(bytes, at, frames.length);
  for (const { streamId, shares } of frames) {
    const start = at + 2;
    bytes[at] = 0x11;
    at = put(bytes, put(bytes, start, streamId), Number(shares));
    bytes[start - 1] = at - start;
  }
  return bytes;
}

/** The same packet, read into the same object as ours, with numbers below 2^31 and nothing checked. */
export function readMoney(bytes: Uint8Array): MoneyPacket {
  cursor = 2;
  const sequence = readNumber(bytes);
  const prepareAmount = BigInt(readNumber(bytes));
  const count = readNumber(bytes);
  const frames: MoneyFrame[] = [];
  for (let i = 0; i < count; i++) {
    cursor += 2;
    const streamId = readNumber(bytes);
    frames.push({ type: 'StreamMoney', streamId, shares: BigInt(readNumber(bytes)) });
  }
  return { ilpPacketType: bytes[1] as number, sequence, prepareAmount, frames };
}

let cursor = 0;

function readNumber(bytes: Uint8Array): number {
  const end = cursor + 1 + (bytes[cursor] as number);
  let value = 0;
  for (cursor += 1; cursor < end; cursor++) value = (value << 8) | (bytes[cursor] as number);
  return value;
}

function lengthOf(value: number): number {
  return value < 0x100 ? 1 : value < 0x1_0000 ? 2 : value < 0x100_0000 ? 3 : 4;
}

function put(bytes: Uint8Array, at: number, value: number): number {
  const length = lengthOf(value);
  bytes[at] = length;
  for (let i = at + length; i > at; i--, value >>= 8) bytes[i] = value;
  return at + 1 + length;
}

/** The reply: a packet with one StreamMaxMoney frame. */
function writeMaxMoney(sequence: number, amount: number, total: number): Uint8Array {
  const contents = 2 + 9 + 1 + lengthOf(total);
  const bytes = new Uint8Array(8 + lengthOf(sequence) + lengthOf(amount) + contents);
  bytes[0] = 1;
  bytes[1] = 13;
  const at = put(bytes, put(bytes, 2, sequence), amount);
  bytes.set([1, 1, 0x12, contents, 1, 1, 8], at);
  bytes.fill(0xff, at + 7, at + 15);
  put(bytes, at + 15, total);
  return bytes;
}

/** Sequence and amount of either. */
export function readPacket(bytes: Uint8Array): { sequence: number; amount: number } {
  cursor = 2;
  return { sequence: readNumber(bytes), amount: readNumber(bytes) };
}

/** The receiving end. */
export class FloorReceiver {
  readonly #keys: FloorKeys;
  readonly #nextIv: () => Uint8Array;
  total = 0;

  constructor(keys: FloorKeys, nextIv: () => Uint8Array) {
    this.#keys = keys;
    this.#nextIv = nextIv;
  }

  handle(prepare: Uint8Array): Uint8Array {
    const body = 3;
    const condition = prepare.subarray(body + 25, body + 57);
    const addressLength = prepare[body + 57] as number;
    const dataAt = body + 58 + addressLength + 1;
    const data = prepare.subarray(dataAt);
    const { sequence, amount } = readPacket(open(this.#keys.encryption, data));
    const fulfillment = hmac(this.#keys.fulfillment, data);
    if (Buffer.compare(hash('sha256', fulfillment, 'buffer'), condition) !== 0) throw new Error();
    this.total += amount;
    const reply = writeMaxMoney(sequence, amount, this.total >>> 0);
    const sealed = seal(this.#keys.encryption, reply, this.#nextIv());
    const fulfill = new Uint8Array(2 + 32 + 1 + sealed.length);
    fulfill[0] = 13;
    fulfill[1] = fulfill.length - 2;
    fulfill.set(fulfillment, 2);
    fulfill[34] = sealed.length;
    fulfill.set(sealed, 35);
    return fulfill;
  }
}

const FRAMES = [{ type: 'StreamMoney', streamId: 1, shares: 1n }] as const;

function money(sequence: number, amount: number): Uint8Array {
  const prepareAmount = BigInt(amount);
  return writeMoney({ ilpPacketType: 12, sequence, prepareAmount, frames: FRAMES });
}

/** The sending end: one packet after the other. @returns what the receiver says it got. */
export async function payByHand(
  keys: FloorKeys,
  send: (prepare: Uint8Array) => Promise<Uint8Array>,
  nextIv: () => Uint8Array,
  destination: string,
  packets: number,
  amount: number,
): Promise<number> {
  const address = Buffer.from(destination, 'latin1');
  let delivered = 0;
  for (let sequence = 1; sequence <= packets; sequence++) {
    const data = seal(keys.encryption, money(sequence, amount), nextIv());
    const condition = hash('sha256', hmac(keys.fulfillment, data), 'buffer');
    const prepare = new Uint8Array(DESTINATION_AT + 1 + address.length + 1 + data.length);
    const view = new DataView(prepare.buffer);
    prepare[0] = 12;
    prepare[1] = 0x81;
    prepare[2] = prepare.length - 3;
    view.setBigUint64(3, BigInt(amount));
    prepare.set(EXPIRY, 11);
    prepare.set(condition, 28);
    prepare[DESTINATION_AT] = address.length;
    prepare.set(address, DESTINATION_AT + 1);
    prepare[DESTINATION_AT + 1 + address.length] = data.length;
    prepare.set(data, DESTINATION_AT + 2 + address.length);
    const fulfill = await send(prepare);
    const fulfillment = fulfill.subarray(2, 34);
    if (Buffer.compare(hash('sha256', fulfillment, 'buffer'), condition) !== 0) throw new Error();
    delivered += readPacket(open(keys.encryption, fulfill.subarray(35))).amount;
  }
  return delivered;
}
