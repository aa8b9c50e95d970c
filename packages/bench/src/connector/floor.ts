/**
 * The least that a connector must do to a packet, by hand, for two accounts that are wired in: read what it needs, know
 * packets that come twice, limit the rate, look the route up, convert, hold the money on both sides, see to the expiry, check the
 * fulfillment, commit, count. It has no errors to tell, no settings and nobody to serve but this benchmark.
 */
import { hash } from 'node:crypto';

/** Offsets in a Prepare whose length takes two octets, as it does between 128 and 255. */
const AMOUNT = 3;
const EXPIRY = 11;
const CONDITION = 28;
const DESTINATION = 60;
const WINDOW_MS = 1000;
const FULFILLMENT = 2;

interface Account {
  readonly maximum: bigint;
  readonly minimum: bigint;
  net: bigint;
  heldIn: bigint;
  heldOut: bigint;
  tokens: number;
  filledAt: number;
  fulfilled: number;
  rejected: number;
}

function account(): Account {
  const limit = 1n << 62n;
  return {
    maximum: limit,
    minimum: -limit,
    net: 0n,
    heldIn: 0n,
    heldOut: 0n,
    tokens: 1e9,
    filledAt: Date.now(),
    fulfilled: 0,
    rejected: 0,
  };
}

/** @param send carries the packet to the next hop. */
export function floor(
  send: (prepare: Uint8Array) => Promise<Uint8Array>,
): (prepare: Uint8Array) => Promise<Uint8Array> {
  const from = account();
  const to = account();
  const routes = new Map<string, Account>([['g.bob', to]]);
  const underWay = new Map<number, Uint8Array>();
  const moments = new Map<number, { timer: NodeJS.Timeout; packets: Set<() => void> }>();
  const numerator = 229_540n;
  const denominator = 250_000n;
  const reject = new Uint8Array([14, 0]);

  const route = (destination: string): Account | undefined => {
    for (let prefix = destination; prefix !== '';) {
      const found = routes.get(prefix);
      if (found !== undefined) return found;
      prefix = prefix.slice(0, Math.max(0, prefix.lastIndexOf('.')));
    }
    return undefined;
  };

  const watch = (at: number, expire: () => void): void => {
    const moment = moments.get(at);
    if (moment !== undefined) {
      moment.packets.add(expire);
      return;
    }
    const timer = setTimeout(() => {
      moments.delete(at);
      for (const each of packets) each();
    }, at - Date.now());
    const packets = new Set([expire]);
    moments.set(at, { timer, packets });
  };
  const unwatch = (at: number, expire: () => void): void => {
    const moment = moments.get(at);
    if (moment === undefined) return;
    moment.packets.delete(expire);
    if (moment.packets.size > 0) return;
    clearTimeout(moment.timer);
    moments.delete(at);
  };

  return async (prepare) => {
    const now = Date.now();
    const view = new DataView(prepare.buffer, prepare.byteOffset, prepare.byteLength);
    const amount = view.getBigUint64(AMOUNT);
    const expiresAt = readTimestamp(prepare, EXPIRY);
    if (expiresAt <= now + WINDOW_MS) return reject;

    from.tokens = Math.min(1e9, from.tokens + (now - from.filledAt) * 1e6);
    from.filledAt = now;
    if (from.tokens < 1) return reject;
    from.tokens -= 1;

    const condition = prepare.subarray(CONDITION, DESTINATION);
    const key = view.getUint32(CONDITION) * 2 ** 20 + (view.getUint32(CONDITION + 4) >>> 12);
    if (underWay.has(key)) return reject;
    underWay.set(key, condition);

    const length = prepare[DESTINATION] as number;
    const destination = latin1(prepare, DESTINATION + 1, DESTINATION + 1 + length);
    const next = route(destination);
    if (next === undefined) return reject;

    const outgoing = (amount * numerator) / denominator;
    if (from.net + from.heldIn + amount > from.maximum) return reject;
    if (next.net - next.heldOut - outgoing < next.minimum) return reject;
    from.heldIn += amount;
    next.heldOut += outgoing;

    const outgoingExpiry = expiresAt - WINDOW_MS;
    view.setBigUint64(AMOUNT, outgoing);
    writeTimestamp(prepare, EXPIRY, outgoingExpiry);

    const reply = await new Promise<Uint8Array>((resolve) => {
      const expire = (): void => resolve(reject);
      watch(outgoingExpiry, expire);
      void send(prepare).then((bytes) => {
        unwatch(outgoingExpiry, expire);
        resolve(bytes);
      });
    });
    underWay.delete(key);
    from.heldIn -= amount;
    next.heldOut -= outgoing;
    if (reply[0] !== 13 || !isFulfilled(condition, reply) || Date.now() >= outgoingExpiry) {
      from.rejected += 1;
      return reject;
    }
    from.net += amount;
    next.net -= outgoing;
    from.fulfilled += 1;
    next.fulfilled += 1;
    return reply;
  };
}

function isFulfilled(condition: Uint8Array, fulfill: Uint8Array): boolean {
  const digest = hash('sha256', fulfill.subarray(FULFILLMENT, FULFILLMENT + 32), 'binary');
  for (let i = 0; i < 32; i++) if (digest.charCodeAt(i) !== condition[i]) return false;
  return true;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

function number(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let i = 0; i < digits; i++) value = value * 10 + (bytes[at + i] as number) - 48;
  return value;
}

function readTimestamp(bytes: Uint8Array, at: number): number {
  return Date.UTC(
    number(bytes, at, 4),
    number(bytes, at + 4, 2) - 1,
    number(bytes, at + 6, 2),
    number(bytes, at + 8, 2),
    number(bytes, at + 10, 2),
    number(bytes, at + 12, 2),
    number(bytes, at + 14, 3),
  );
}

let lastMinute = -1;
const written = new Uint8Array(17);

/** Packets expire close together: the digits down to the minute are made once. */
function writeTimestamp(bytes: Uint8Array, at: number, time: number): void {
  const minute = Math.floor(time / 60_000);
  if (minute !== lastMinute) {
    lastMinute = minute;
    const text = new Date(time).toISOString().replace(/[^0-9]/gu, '');
    for (let i = 0; i < 17; i++) written[i] = text.charCodeAt(i);
  }
  let rest = time - minute * 60_000;
  for (let i = 16; i > 11; i--) {
    written[i] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  bytes.set(written, at);
}
