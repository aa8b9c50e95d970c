import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { decodePrepare, IlpError, type IlpPacketHandler } from '@pennyswitch/ilp-packet';
import { VirtualClock } from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';
import { RemoteAddress } from '../../src/connection/remote-address.js';
import { connectStream, StreamServer, type StreamConnection } from '../../src/index.js';
import { money, TestSender } from '../test-sender.js';
import { readAll, testBytes, writeAll } from './world.js';

/** A network that knows who is at which address, and writes down what went where. */
function createNetwork() {
  const clock = new VirtualClock();
  const nodes = new Map<string, IlpPacketHandler>();
  const log: { to: string; amount: bigint; length: number }[] = [];
  const send: IlpPacketHandler = async (bytes) => {
    const { destination, amount, data } = decodePrepare(bytes);
    const to = [...nodes.keys()].find(
      (at) => destination === at || destination.startsWith(`${at}.`),
    );
    log.push({ to: to ?? destination, amount, length: data.length });
    await clock.sleep(10);
    const node = to === undefined ? undefined : nodes.get(to);
    if (node === undefined) return new IlpError('F02', 'nobody is there').encode();
    const reply = await node(bytes);
    await clock.sleep(10);
    return reply;
  };
  const connections: StreamConnection[] = [];
  const server = new StreamServer({
    secret: new Uint8Array(32).fill(3),
    address: () => parseIlpAddress('test.server'),
    asset: { code: 'USD', scale: 6 },
    send,
    clock,
  });
  server.on('connection', (connection) => connections.push(connection));
  nodes.set('test.server', server.handle);
  const connect = (at: string) =>
    connectStream({
      send,
      credentials: server.createCredentials(),
      asset: { code: 'USD', scale: 6 },
      clock,
      incoming: {
        address: parseIlpAddress(at),
        register: (handler) => {
          nodes.set(at, handler);
          return () => nodes.delete(at);
        },
      },
    });
  return { clock, nodes, log, server, connections, connect, send };
}

describe('the address of the other end', () => {
  const [a, b] = [parseIlpAddress('test.a'), parseIlpAddress('test.b')];
  const options = { maxAttempts: 3, intervalMs: 100 };

  it('counts when an authentic reply has come from it, and not before (RFC 0029 4.3.2)', () => {
    const remote = new RemoteAddress(a, options);
    remote.handleTold(b, 'prepare', 1);
    expect(remote.current).toBe(a);
    expect(remote.ask(0)).toBe(b);
    expect(remote.current).toBe(a);
    remote.handleValid(b);
    expect(remote.current).toBe(b);
    expect(remote.askAt).toBeUndefined();
  });

  it('is asked a few times, ever more rarely, and then given up', () => {
    const remote = new RemoteAddress(a, options);
    remote.handleTold(b, 'prepare', 1);
    const asked: number[] = [];
    for (let now = 0; now < 100_000; now++) if (remote.ask(now) !== undefined) asked.push(now);
    expect(asked).toEqual([0, 100, 300]);
    for (let i = 0; i < 3; i++) remote.handleNoAnswer(b);
    expect(remote.isValidating).toBe(false);
    expect(remote.current).toBe(a);
  });

  it('is asked again where a node refuses for the time being, and at most twice as often', () => {
    const remote = new RemoteAddress(a, options);
    remote.handleTold(b, 'prepare', 1);
    const asked: number[] = [];
    for (let now = 0; now < 100_000; now++) {
      if (remote.ask(now) === undefined) continue;
      asked.push(now);
      remote.handleRefused(b);
    }
    expect(asked).toEqual([0, 100, 300, 700, 1500, 3100]);
    expect(remote.isValidating).toBe(false);
  });

  it('is the one that was told last, in whatever order packets come', () => {
    const remote = new RemoteAddress(undefined, options);
    remote.handleTold(b, 'prepare', 5);
    remote.handleTold(a, 'prepare', 4);
    expect(remote.ask(0)).toBe(b);
    remote.handleValid(a);
    expect(remote.current).toBeUndefined();
  });
});

describe('a connection whose client moves', () => {
  it('goes on at the new address, with nothing lost and nothing paid to the old one', async () => {
    const net = createNetwork();
    const client = await net.clock.runUntil(net.connect('test.old'));
    await net.clock.advance(1000);
    const [server] = net.connections;
    const stream = await net.clock.runUntil(server!.openStream());
    await net.clock.runUntil(stream.sendMoney(1000n));
    expect(server!.remoteAddress).toMatch(/^test\.old\./);

    net.nodes.set('test.new', net.nodes.get('test.old')!);
    client.setAddress(parseIlpAddress('test.new.me'));
    await net.clock.advance(1000);
    expect(server!.remoteAddress).toBe('test.new.me');
    net.nodes.delete('test.old');
    const before = net.log.length;
    await net.clock.runUntil(stream.sendMoney(5000n));
    expect(client.received).toBe(5000n);
    expect(new Set(net.log.slice(before).map(({ to }) => to))).not.toContain('test.old');
    const bytes = testBytes(100_000);
    const reading = readAll(client.streams[0]!.readable);
    await net.clock.runUntil(writeAll(stream, bytes));
    expect(Buffer.compare(await net.clock.runUntil(reading), bytes)).toBe(0);
    await net.clock.runUntil(client.close());
  });

  it('sends neither money nor data to an address that does not answer, and few packets', async () => {
    const net = createNetwork();
    const client = await net.clock.runUntil(net.connect('test.old'));
    await net.clock.advance(1000);
    const [server] = net.connections;
    const stream = await net.clock.runUntil(server!.openStream());
    stream.setSendMax(1_000_000n);
    // Somebody who is no part of it, and cannot answer for it.
    net.nodes.set('test.victim', () => Promise.resolve(new IlpError('F06', '').encode()));
    client.setAddress(parseIlpAddress('test.victim'));
    await net.clock.advance(40_000);
    const toVictim = net.log.filter(({ to }) => to === 'test.victim');
    expect(toVictim.length).toBeGreaterThan(0);
    expect(toVictim.length).toBeLessThanOrEqual(5);
    expect(toVictim.every(({ amount, length }) => amount === 0n && length < 100)).toBe(true);
    expect(server!.remoteAddress).toMatch(/^test\.old\./);
    expect(client.received).toBe(1_000_000n);
  });

  it('is not taken for reachable by its first word alone', async () => {
    const net = createNetwork();
    const credentials = net.server.createCredentials();
    const sender = new TestSender(net.server.handle, credentials, () => net.clock.now());
    net.nodes.set('test.victim', () => Promise.resolve(new IlpError('F06', '').encode()));
    await sender.send({
      amount: 10n,
      frames: [
        money(),
        { type: 'ConnectionNewAddress', sourceAddress: parseIlpAddress('test.victim') },
      ],
    });
    const [server] = net.connections;
    const stream = await server!.openStream();
    stream.sendMoney(1_000_000n).catch(() => undefined);
    void stream.writable
      .getWriter()
      .write(new Uint8Array(100_000))
      .catch(() => undefined);
    await net.clock.advance(50_000);
    expect(server!.remoteAddress).toBeUndefined();
    expect(net.log.length).toBeLessThanOrEqual(5);
    expect(net.log.every(({ amount, length }) => amount === 0n && length < 100)).toBe(true);
    expect(server!.sent).toBe(0n);
  });
});
