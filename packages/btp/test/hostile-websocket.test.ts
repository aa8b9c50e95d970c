/** What a peer with bad intentions can do below BTP: broken WebSockets, and such as only cost memory. */
import { afterEach, describe, expect, test } from 'vitest';
import { authenticationData } from '../src/authentication.js';
import { BtpType, decodeBtpPacket, encodeBtpPacket, octetsData } from '../src/index.js';
import { clientOf, deadline, endAll, serverOf } from './links.js';
import { frame, OPCODE, RawWebSocket } from './raw-websocket.js';

afterEach(endAll);

const TOKENS = { alice: 'secret', mallory: 'other' };
const NOTHING = new Uint8Array(0);
const AUTHENTICATION = frame(
  OPCODE.binary,
  encodeBtpPacket({
    type: BtpType.message,
    requestId: 1,
    protocolData: authenticationData('mallory', 'other'),
  }),
);
const message = (requestId: number): Uint8Array =>
  encodeBtpPacket({
    type: BtpType.message,
    requestId,
    protocolData: [octetsData('ilp', Uint8Array.of(1))],
  });

/** Alice's link, which has to go on, and a port for Mallory. */
async function links(policy = {}) {
  const { server, port, url } = await serverOf(TOKENS, { policy });
  for (const name of ['alice', 'mallory']) {
    server.account(name).handle('ilp', (octets) => Promise.resolve(octets));
  }
  const alice = clientOf(url('alice', 'secret'));
  await alice.connect();
  const roundTrip = async (): Promise<void> => {
    expect(await alice.send(Uint8Array.of(1, 2), deadline())).toEqual(Uint8Array.of(1, 2));
  };
  return { server, port, roundTrip };
}

/** Waits for frames of the server; it is up to vitest to give up. */
async function framesOf(client: RawWebSocket, count: number) {
  while (client.frames.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
  return client.frames;
}

const BROKEN: [string, Uint8Array, number][] = [
  ['an unmasked frame', frame(OPCODE.binary, NOTHING, { isUnmasked: true }), 1002],
  ['a reserved bit', frame(OPCODE.binary, NOTHING, { reserved: 1 }), 1002],
  [
    'a compressed frame, which was not agreed',
    frame(OPCODE.binary, NOTHING, { reserved: 4 }),
    1002,
  ],
  ['an opcode that nobody knows', frame(3, NOTHING), 1002],
  ['a control opcode that nobody knows', frame(11, NOTHING), 1002],
  ['a continuation of nothing', frame(OPCODE.continuation, NOTHING), 1002],
  ['a ping in fragments', frame(OPCODE.ping, NOTHING, { isOpen: true }), 1002],
  ['a ping of 126 bytes', frame(OPCODE.ping, new Uint8Array(126)), 1002],
  ['a close code that must not be sent', frame(OPCODE.close, Uint8Array.of(3, 237)), 1002],
  ['half a close code', frame(OPCODE.close, Uint8Array.of(3)), 1002],
  ['a text that is no UTF-8', frame(OPCODE.text, Uint8Array.of(255)), 1007],
  ['a length of 65,537 bytes', frame(OPCODE.binary, NOTHING, { length: 65_537n }), 1009],
  ['a length of 2^53 bytes', frame(OPCODE.binary, NOTHING, { length: 1n << 53n }), 1009],
  ['a length of 2^63 - 1 bytes', frame(OPCODE.binary, NOTHING, { length: (1n << 63n) - 1n }), 1009],
];

describe.each(['before', 'after'])('%s authentication', (when) => {
  test.each(BROKEN)('%s ends that connection and no other', async (_, octets, code) => {
    const { server, port, roundTrip } = await links();
    const client = await RawWebSocket.open(port);
    expect(await client.status()).toBe(101);
    if (when === 'after') {
      client.send(AUTHENTICATION);
      await framesOf(client, 1);
    }
    client.send(octets);
    await client.closed;
    expect(client.closeCode).toBe(code);
    await roundTrip();
    while (server.gauges.connections > 1) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(server.gauges).toEqual({ connections: 1, unauthenticated: 0 });
  });

  test('fragments beyond the limit of a message end the connection, however small they are', async () => {
    const { port, roundTrip } = await links();
    const client = await RawWebSocket.open(port);
    await client.status();
    if (when === 'after') client.send(AUTHENTICATION);
    client.send(frame(OPCODE.binary, NOTHING, { isOpen: true }));
    const part = frame(OPCODE.continuation, new Uint8Array(64), { isOpen: true });
    // Empty ones between cost nothing.
    const empty = frame(OPCODE.continuation, NOTHING, { isOpen: true });
    for (let i = 0; i <= 1024; i++) client.send(part, empty);
    await client.closed;
    expect(client.closeCode).toBe(1009);
    await roundTrip();
  });

  test('a peer that pings and never reads is disconnected before it fills the memory', async () => {
    const { server, port, roundTrip } = await links({ maxBufferedBytes: 100_000 });
    const client = await RawWebSocket.open(port);
    await client.status();
    if (when === 'after') {
      client.send(AUTHENTICATION);
      await framesOf(client, 1);
    }
    client.socket.pause();
    const pings = Buffer.concat(Array(1000).fill(frame(OPCODE.ping, new Uint8Array(125))));
    while (server.gauges.connections > 1) {
      // What the server does not take waits here.
      if (!client.socket.write(pings)) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(server.account('mallory').gauges.bufferedBytes).toBeLessThan(2 * 100_000 + 65_536);
    }
    await roundTrip();
  });
});

describe('a handshake', () => {
  test.each<[string, Record<string, string>, number]>([
    ['of another version of WebSocket', { 'Sec-WebSocket-Version': '99' }, 400],
    ['without a key', { 'Sec-WebSocket-Key': '' }, 400],
    ['with half a key', { 'Sec-WebSocket-Key': 'abc' }, 400],
    ['to another protocol', { Upgrade: 'h2c' }, 400],
  ])('%s is refused', async (_, fields, status) => {
    const { server, port, roundTrip } = await links();
    const client = await RawWebSocket.open(port, fields);
    expect(await client.status()).toBe(status);
    await client.closed;
    expect(server.gauges).toEqual({ connections: 1, unauthenticated: 0 });
    await roundTrip();
  });

  test('that asks for compression does not get it', async () => {
    const { port } = await links();
    const client = await RawWebSocket.open(port, {
      'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
    });
    expect(await client.status()).toBe(101);
    client.send(AUTHENTICATION);
    const [answer] = await framesOf(client, 1);
    expect(decodeBtpPacket(answer?.payload ?? NOTHING)).toMatchObject({ type: BtpType.response });
  });
});

describe('a peer that is merely odd is understood', () => {
  test('messages in fragments with pings between, and many in one segment', async () => {
    const { port } = await links();
    const client = await RawWebSocket.open(port);
    await client.status();
    const octets = message(7);
    const fragments = [...octets].map((octet, index) =>
      frame(index === 0 ? OPCODE.binary : OPCODE.continuation, Uint8Array.of(octet), {
        isOpen: index < octets.length - 1,
      }),
    );
    const pings = fragments.map((fragment) =>
      Buffer.concat([frame(OPCODE.pong, NOTHING), fragment]),
    );
    client.send(AUTHENTICATION, ...pings, frame(OPCODE.binary, message(8)));
    const answers = (await framesOf(client, 3)).map(({ payload }) => decodeBtpPacket(payload));
    expect(answers.map(({ type, requestId }) => [type, requestId])).toEqual([
      [BtpType.response, 1],
      [BtpType.response, 7],
      [BtpType.response, 8],
    ]);
  });

  test('one octet at a time', async () => {
    const { port } = await links();
    const client = await RawWebSocket.open(port);
    await client.status();
    client.socket.setNoDelay(true);
    for (const octet of Buffer.concat([AUTHENTICATION, frame(OPCODE.binary, message(9))])) {
      client.send(Uint8Array.of(octet));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [, answer] = await framesOf(client, 2);
    expect(decodeBtpPacket(answer?.payload ?? NOTHING)).toMatchObject({ requestId: 9 });
  });
});
