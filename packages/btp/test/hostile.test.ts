/** What a peer with bad intentions can send: nothing crashes, memory stays flat, others' traffic goes on. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { seededRandom } from '@pennyswitch/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { BtpType, encodeBtpPacket, octetsData, textData } from '../src/index.js';
import { ascii, hex } from './hex.js';
import { clientOf, deadline, endAll, serverOf } from './links.js';
import { RawClient } from './raw-client.js';

afterEach(endAll);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const TOKENS = { alice: 'secret', mallory: 'other' };
const message = (requestId: number, size: number): Uint8Array =>
  encodeBtpPacket({
    type: BtpType.message,
    requestId,
    protocolData: [octetsData('ilp', new Uint8Array(size))],
  });

/** Frames that are wrong in one way each. */
const CORPUS: readonly Uint8Array[] = [
  hex(''),
  hex('06'),
  hex('06 00000001'),
  hex('06 00000001 80'),
  hex('06 00000001 88 ffffffffffffffff'),
  hex('06 00000001 ff'),
  hex('06 00000001 06 04ffffffff 00'),
  hex('06 00000001 0b 08ffffffffffffffff 0000'),
  hex('06 00000001 08 0101 ff 696c70 00 00'),
  hex('06 00000001 0a 0102 0161 00 00 0161 00 00'),
  hex('07 00000001 02 0100'),
  hex('01 00000001 02 0100'),
  hex('02 00000001 02 0100'),
  hex(`02 00000001 1f ${ascii('F00')} 00 17 ${ascii('99999999999999.999999999Z')}`),
  hex(`03 00000001 10 ${'00'.repeat(16)}`),
  hex(`04 00000001 32 ${'00'.repeat(48)} 0100`),
  hex(`05 00000001 12 ${'00'.repeat(16)} 0100`),
  hex('00 00000001 02 0100'),
  hex('ff ffffffff 02 0100'),
  new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'),
  new Uint8Array(65_536),
  new Uint8Array(65_536).fill(0xff),
  encodeBtpPacket({
    type: BtpType.message,
    requestId: 3,
    protocolData: Array.from({ length: 255 }, (_, i) => textData(`n${i}`, '')),
  }),
];

async function links() {
  const { server, port, url } = await serverOf(TOKENS);
  server.account('alice').handle('ilp', (octets) => Promise.resolve(octets));
  server.account('mallory').handle('ilp', (octets) => Promise.resolve(octets));
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
  test('each bad frame leaves both links working', async () => {
    const { server, port, roundTrip } = await links();
    const client = await mallory(port);
    for (const octets of CORPUS) {
      client.send(octets);
      await roundTrip();
    }
    client.send('text');
    client.send(message(77, 1));
    for (;;) {
      const answer = await client.next();
      if (answer.requestId !== 77) continue;
      expect(answer.type).toBe(BtpType.response);
      break;
    }
    // Answered are the readable ones: two entries of one name, what has no handler, and the calls of BTP 1.0.
    expect(client.received.map(({ type, requestId }) => `${type}:${requestId}`)).toEqual([
      '1:1',
      '2:1',
      '2:1',
      '2:1',
      '2:3',
      '1:77',
    ]);
    expect(server.account('mallory').counters.unreadable).toBeGreaterThan(15);
  });

  test('thousands of random frames cost no memory', async () => {
    const { server, port, roundTrip } = await links();
    const client = await mallory(port);
    const random = seededRandom(7);
    const flood = async (frames: number): Promise<void> => {
      for (let i = 0; i < frames; i++) {
        const octets = random.pick(CORPUS as [Uint8Array, ...Uint8Array[]]).slice(0, 4096);
        for (let flips = random.int(0, 4); flips > 0 && octets.length > 0; flips--) {
          octets[random.int(0, octets.length - 1)] = random.int(0, 255);
        }
        client.send(octets);
        if (i % 500 === 499) await roundTrip();
      }
      client.received.length = 0;
    };
    const heap = async (): Promise<number> => {
      await roundTrip();
      collectGarbage();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    await flood(2000);
    const before = await heap();
    await flood(10_000);
    expect((await heap()) - before).toBeLessThan(8 * 1024 * 1024);
    expect(server.account('mallory').gauges.incoming).toBe(0);
  });

  test('responses that nobody asked for are ignored', async () => {
    const { server, port, roundTrip } = await links();
    const client = await mallory(port);
    for (let requestId = 0; requestId < 200; requestId++) {
      client.send(encodeBtpPacket({ type: BtpType.response, requestId, protocolData: [] }));
    }
    client.send(message(77, 1));
    expect(await client.next()).toMatchObject({ requestId: 77 });
    await roundTrip();
    expect(server.account('mallory').counters.unexpected).toBe(200);
  });

  test('a peer that asks and never reads is disconnected, the other link goes on', async () => {
    const { server, port, url } = await serverOf(TOKENS, {
      policy: { maxBufferedBytes: 200_000 },
    });
    for (const name of ['alice', 'mallory']) {
      server.account(name).handle('ilp', (octets) => Promise.resolve(octets));
    }
    const alice = clientOf(url('alice', 'secret'));
    await alice.connect();
    const client = await mallory(port);
    const account = server.account('mallory');
    const ended = new Promise<string>((resolve) =>
      account.once('disconnect', ({ reason }) => resolve(reason)),
    );
    client.socket.pause();
    let peak = 0;
    // Large requests until the answers pile up, then small ones, which are refused but answered too.
    for (let requestId = 0; account.isConnected;) {
      const size = account.counters.errorsSent === 0 ? 60_000 : 1;
      for (let i = 0; i < 50; i++) client.send(message(requestId++, size));
      expect(await alice.send(Uint8Array.of(1), deadline())).toEqual(Uint8Array.of(1));
      peak = Math.max(peak, account.gauges.bufferedBytes);
    }
    expect(await ended).toBe('the peer asks but does not read the answers');
    expect(account.counters.errorsSent).toBeGreaterThan(1000);
    expect(peak).toBeLessThan(2 * 200_000 + 60_100);
  });
});

describe('before authentication', () => {
  test('every bad first frame ends that connection and no other', async () => {
    const { server, port, roundTrip } = await links();
    for (const octets of [...CORPUS, 'text']) {
      const client = await RawClient.open(port);
      const refused = new Promise((resolve) => server.once('refused', resolve));
      client.send(octets);
      await Promise.all([client.closed, refused]);
      await roundTrip();
    }
    expect(server.gauges).toEqual({ connections: 1, unauthenticated: 0 });
  });

  test('hundreds of connections that say nothing do not keep others out', async () => {
    const { port, roundTrip } = await links();
    const silent: RawClient[] = [];
    for (let i = 0; i < 200; i++) silent.push(await RawClient.open(port));
    await roundTrip();
    const client = await mallory(port);
    client.send(message(5, 1));
    expect(await client.next()).toMatchObject({ requestId: 5 });
    for (const { socket } of silent) socket.terminate();
  });
});
