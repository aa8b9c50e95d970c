/**
 * Frames that are wrong in one way each, against a server on a real socket: which of them get an Error and which, so that
 * two programs never answer each other's errors for ever, get nothing (RFC 0023 "Flow", "Authentication").
 */
import { VirtualClock } from '@pennyswitch/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { authenticationData } from '../src/authentication.js';
import {
  BtpRefusal,
  BtpType,
  ContentType,
  encodeBtpPacket,
  octetsData,
  textData,
  type BtpErrorCode,
  type ProtocolData,
} from '../src/index.js';
import { ascii, hex } from './hex.js';
import { clientOf, deadline, endAll, serverOf, until } from './links.js';
import { RawClient } from './raw-client.js';

afterEach(endAll);

const TOKENS = { alice: 'secret', mallory: 'other' };
const NOTHING = new Uint8Array(0);

const message = (requestId: number, protocolData: readonly ProtocolData[]): Uint8Array =>
  encodeBtpPacket({ type: BtpType.message, requestId, protocolData });

/** A Message of many entries, which our encoder would not write: each is a name of four digits, text, no data. */
function manyEntries(requestId: number, count: number): Uint8Array {
  const entries = Array.from(
    { length: count },
    (_, i) => `04 ${ascii(String(i).padStart(4, '0'))} 01 00`,
  ).join('');
  const content = hex(`02 ${count.toString(16).padStart(4, '0')} ${entries}`);
  const header = hex('06 00000000 82 0000');
  new DataView(header.buffer).setUint32(1, requestId);
  new DataView(header.buffer).setUint16(6, content.length);
  return Uint8Array.of(...header, ...content);
}

/** A packet of so much content, all in hexadecimal; its length is right. */
function packet(type: string, content: string, requestId = 9): Uint8Array {
  const octets = hex(content);
  const length = octets.length.toString(16).padStart(2, '0');
  return Uint8Array.of(
    ...hex(`${type} ${requestId.toString(16).padStart(8, '0')} ${length}`),
    ...octets,
  );
}

const ENTRY = `03 ${ascii('ilp')} 00 00`;
const ERROR_BODY = `${ascii('F00')} 00 0f ${ascii('20200101000000Z')} 00 0100`;

/** What is understood, but cannot be done; its request id is 9. */
const ANSWERED: [string, Uint8Array, BtpErrorCode][] = [
  ['two entries of one name', packet('06', `0102 ${ENTRY} ${ENTRY}`), 'F01'],
  [
    'a Transfer with two entries of one name',
    packet('07', `0000000000000001 0102 ${ENTRY} ${ENTRY}`),
    'F01',
  ],
  ['256 entries', manyEntries(9, 256), 'F01'],
  ['5000 entries', manyEntries(9, 5000), 'F01'],
  ['255 entries, the first of which nobody knows', manyEntries(9, 255), 'F00'],
  ['a sub-protocol that nobody knows', message(9, [octetsData('nobody', NOTHING)]), 'F00'],
  ['a sub-protocol without a name', message(9, [octetsData('', NOTHING)]), 'F00'],
  ['a second authentication', message(9, authenticationData('mallory', 'other')), 'F00'],
  [
    'a Transfer, which nobody handles',
    encodeBtpPacket({ type: BtpType.transfer, requestId: 9, amount: 1n, protocolData: [] }),
    'F00',
  ],
  [
    'a Prepare of BTP 1.0',
    packet('03', `${'00'.repeat(56)} 11 ${ascii('20200101000000.1Z')} 0100`),
    'F00',
  ],
  ['a Fulfill of BTP 1.0', packet('04', `${'00'.repeat(48)} 0100`), 'F00'],
  ['a Reject of BTP 1.0', packet('05', `${'00'.repeat(16)} 0100`), 'F00'],
];

/** What has no structure, or answers nothing that was asked. */
const IGNORED: [string, Uint8Array | string][] = [
  ['a frame of no bytes', NOTHING],
  ['a type alone', hex('06')],
  ['half a request id', hex('06 0000')],
  ['no length', hex('06 00000009')],
  ['a length of an unknown length', hex('06 00000009 80')],
  ['a length of 2^64 - 1', hex('06 00000009 88 ffffffffffffffff')],
  ['a length of a length of 127 bytes', hex('06 00000009 ff')],
  ['a length beyond the frame', hex(`06 00000009 20 0101 ${ENTRY}`)],
  ['a length within the content', hex(`06 00000009 03 0101 ${ENTRY}`)],
  ['a count beyond the content', hex(`06 00000009 09 0103 ${ENTRY}`)],
  ['a count of 2^32 - 1', hex('06 00000009 06 04ffffffff 00')],
  ['a count of 2^64 - 1', hex('06 00000009 0b 08ffffffffffffffff 0000')],
  ['256 entries, the last of which is cut', manyEntries(9, 256).subarray(0, -1)],
  ['a name beyond the content', hex('06 00000009 08 0101 ff 696c70 00 00')],
  ['a name that is no ASCII', hex('06 00000009 08 0101 03 e96c70 00 00')],
  ['data beyond the content', hex(`06 00000009 09 0101 03 ${ascii('ilp')} 00 7f 00`)],
  ['a Transfer without an amount', hex('07 00000009 02 0100')],
  ['type 0', hex('00 00000009 02 0100')],
  ['type 8', hex('08 00000009 02 0100')],
  ['type 255', hex('ff 00000009 02 0100')],
  ['a cut Prepare of BTP 1.0', hex(`03 00000009 10 ${'00'.repeat(16)}`)],
  ['another protocol', new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')],
  ['64 KiB of zeros', new Uint8Array(65_536)],
  ['64 KiB of ones', new Uint8Array(65_536).fill(255)],
  ['a text frame', 'hello'],
  ['an empty text frame', ''],
  [
    'a Response to nothing',
    encodeBtpPacket({ type: BtpType.response, requestId: 9, protocolData: [] }),
  ],
  ['a Response with two entries of one name', packet('01', `0102 ${ENTRY} ${ENTRY}`)],
  ['an Error to nothing', packet('02', ERROR_BODY)],
  [
    'an Error at no time',
    packet('02', `${ascii('F00')} 00 0f ${ascii('99999999999999Z')} 00 0100`),
  ],
];

/** Alice's link, which has to go on, and Mallory's raw one. */
async function links() {
  const { server, port, url } = await serverOf(TOKENS);
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

async function mallory(port: number): Promise<RawClient> {
  const client = await RawClient.open(port);
  client.sendAuthentication('mallory', 'other');
  await client.next();
  return client;
}

describe('after authentication', () => {
  test.each(ANSWERED)('%s gets an Error, once, and the link goes on', async (_, octets, code) => {
    const { server, port, roundTrip } = await links();
    const client = await mallory(port);
    client.send(octets);
    expect(await client.next()).toMatchObject({ type: BtpType.error, requestId: 9, code });
    client.send(message(77, [octetsData('ilp', NOTHING)]));
    expect(await client.next()).toMatchObject({ type: BtpType.response, requestId: 77 });
    await roundTrip();
    expect(server.account('mallory').counters.errorsSent).toBe(1);
  });

  test.each(IGNORED)('%s gets no answer, and the link goes on', async (_, octets) => {
    const { server, port, roundTrip } = await links();
    const client = await mallory(port);
    client.send(octets);
    client.send(message(77, [octetsData('ilp', NOTHING)]));
    expect(await client.next()).toMatchObject({ type: BtpType.response, requestId: 77 });
    await roundTrip();
    const { unreadable, unexpected, errorsSent } = server.account('mallory').counters;
    expect([unreadable + unexpected, errorsSent]).toEqual([1, 0]);
  });

  test('a request id that is in flight is handled and answered once; later it may come again', async () => {
    const { server, port, roundTrip } = await links();
    const open: ((octets: Uint8Array) => void)[] = [];
    const account = server.account('mallory');
    account.handle('ilp', () => new Promise((resolve) => open.push(resolve)));
    const client = await mallory(port);
    const request = message(5, [octetsData('ilp', NOTHING)]);
    for (let i = 0; i < 100; i++) client.send(request);
    // Also as another type, and where the answer would be an Error.
    client.send(
      encodeBtpPacket({ type: BtpType.transfer, requestId: 5, amount: 1n, protocolData: [] }),
    );
    client.send(packet('06', `0102 ${ENTRY} ${ENTRY}`, 5));
    client.send(packet('05', `${'00'.repeat(16)} 0100`, 5));
    await until(() => account.counters.duplicateRequests === 102);
    expect(open).toHaveLength(1);
    open[0]?.(Uint8Array.of(1));
    expect(await client.next()).toMatchObject({ type: BtpType.response, requestId: 5 });
    client.send(request);
    await until(() => open.length === 2);
    open[1]?.(Uint8Array.of(2));
    expect(await client.next()).toMatchObject({ type: BtpType.response, requestId: 5 });
    await roundTrip();
    expect(client.received).toHaveLength(3);
  });

  test('an application cannot be made to send an Error that no peer can read', async () => {
    const { server, port } = await links();
    server
      .account('mallory')
      .handle('ilp', () => Promise.reject(new BtpRefusal('F00', 'ö'.repeat(20_000))));
    const client = await mallory(port);
    client.send(message(5, [octetsData('ilp', NOTHING)]));
    expect(await client.next()).toMatchObject({ type: BtpType.error, requestId: 5, code: 'F00' });
  });
});

const AUTH = `04 ${ascii('auth')} 00 00`;
const EMPTY_TOKEN = `0a ${ascii('auth_token')} 01 00`;

describe('before authentication', () => {
  test.each<[string, Uint8Array, BtpErrorCode]>([
    ...ANSWERED.filter(([name]) => name !== 'a second authentication'),
    [
      'a Response',
      encodeBtpPacket({ type: BtpType.response, requestId: 9, protocolData: [] }),
      'F00',
    ],
    ['an Error', packet('02', ERROR_BODY), 'F00'],
    ['a Message without entries', message(9, []), 'F00'],
    ['a packet', message(9, [octetsData('ilp', NOTHING)]), 'F00'],
    ['a token alone', message(9, [textData('auth_token', 'other')]), 'F00'],
    ['auth without a token', message(9, [octetsData('auth', NOTHING)]), 'F00'],
    [
      'auth with data',
      message(9, [octetsData('auth', Uint8Array.of(1)), textData('auth_token', 'x')]),
      'F00',
    ],
    [
      'auth of another content type',
      message(9, [textData('auth', ''), textData('auth_token', 'x')]),
      'F00',
    ],
    [
      'auth in second place',
      message(9, [textData('auth_token', 'x'), octetsData('auth', NOTHING)]),
      'F00',
    ],
    ['two tokens', packet('06', `0103 ${AUTH} ${EMPTY_TOKEN} ${EMPTY_TOKEN}`), 'F01'],
    [
      'a token that is no UTF-8',
      message(9, [
        octetsData('auth', NOTHING),
        {
          protocolName: 'auth_token',
          contentType: ContentType.textPlainUtf8,
          data: Uint8Array.of(255),
        },
      ]),
      'F00',
    ],
    ['an empty token', message(9, authenticationData('mallory', '')), 'F00'],
    [
      'a token of 60,000 characters',
      message(9, authenticationData('mallory', 'x'.repeat(60_000))),
      'F00',
    ],
  ])('%s gets an Error, then the connection is closed', async (_, octets, code) => {
    const { server, port, roundTrip } = await links();
    const client = await RawClient.open(port);
    client.send(octets);
    // Nothing behind it is understood any more.
    client.sendAuthentication('mallory', 'other');
    expect(await client.next()).toMatchObject({ type: BtpType.error, requestId: 9, code });
    expect(await client.closed).toBe(3000);
    expect(client.received).toHaveLength(1);
    expect(server.account('mallory').counters.connections).toBe(0);
    await roundTrip();
    await until(() => server.gauges.connections === 1);
    expect(server.gauges.unauthenticated).toBe(0);
  });

  test.each(IGNORED.filter(([name]) => !/^an? (Response|Error) to/.test(name)))(
    '%s gets no answer, and the connection is closed',
    async (_, octets) => {
      const { server, port, roundTrip } = await links();
      const client = await RawClient.open(port);
      client.send(octets);
      client.sendAuthentication('mallory', 'other');
      expect(await client.closed).toBe(3000);
      expect(client.received).toEqual([]);
      await roundTrip();
      await until(() => server.gauges.connections === 1);
      expect(server.gauges.unauthenticated).toBe(0);
    },
  );

  test('connections that never authenticate fill their places until they get an Error and are closed', async () => {
    const clock = new VirtualClock();
    const { server, port, url } = await serverOf(TOKENS, {
      clock,
      limits: { maxUnauthenticated: 20 },
    });
    const silent: RawClient[] = [];
    for (let i = 0; i < 20; i++) silent.push(await RawClient.open(port));
    expect(await RawClient.refusal(port)).toBe(503);
    await clock.advance(5000);
    for (const client of silent) {
      expect(await client.next()).toMatchObject({ type: BtpType.error, requestId: 0, code: 'F00' });
      expect(await client.closed).toBe(3000);
    }
    await clientOf(url('alice', 'secret')).connect();
    expect(server.gauges).toEqual({ connections: 1, unauthenticated: 0 });
  });

  test('a thousand refused clients, one after the other, leave nothing behind', async () => {
    const { server, port, roundTrip } = await links();
    for (let round = 0; round < 20; round++) {
      const clients = await Promise.all(Array.from({ length: 50 }, () => RawClient.open(port)));
      for (const client of clients) client.sendAuthentication('mallory', `wrong ${round}`);
      await Promise.all(clients.map(({ closed }) => closed));
      await roundTrip();
    }
    await until(() => server.gauges.connections === 1);
    expect(server.gauges).toEqual({ connections: 1, unauthenticated: 0 });
    expect(server.account('mallory').counters.connections).toBe(0);
  });
});
