import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { BtpClient, BtpRefusal, BtpServer, jsonData, octetsData, textData } from '../src/index.js';
import { clientOf, deadline, endAll, equalTokens, serverOf, track } from './links.js';

afterEach(endAll);

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('a client and a server on loopback', () => {
  test('exchange requests both ways', async () => {
    const { server, url } = await serverOf({ alice: 'secret' });
    const account = server.account('alice');
    account.handle('ilp', (octets) => Promise.resolve(octets.map((octet) => octet + 1)));
    const client = clientOf(url('alice', 'secret'));
    client.handle('ilp', (octets) => Promise.resolve(octets.map((octet) => octet * 2)));
    await client.connect();
    expect(client.isConnected && account.isConnected).toBe(true);
    expect(await client.send(bytes(1, 2, 3), deadline())).toEqual(bytes(2, 3, 4));
    expect(await account.send(bytes(1, 2, 3), deadline())).toEqual(bytes(2, 4, 6));
  });

  test('a response without ilp data is empty', async () => {
    const { server, url } = await serverOf({ alice: 'secret' });
    server.account('alice').handle('ilp', () => Promise.resolve([]));
    const client = clientOf(url('alice', 'secret'));
    await client.connect();
    expect(await client.send(bytes(1), deadline())).toEqual(bytes());
  });

  test('sub-protocols go to their own handlers, and an unknown one is F00', async () => {
    const { server, url } = await serverOf({ alice: 'secret' });
    server
      .account('alice')
      .handle('greet', (octets, { contentType }) =>
        Promise.resolve([
          textData('greeting', `hello ${String.fromCharCode(...octets)} ${contentType}`),
        ]),
      );
    const client = clientOf(url('alice', 'secret'));
    await client.connect();
    expect(await client.request([textData('greet', 'bob')], deadline())).toEqual([
      textData('greeting', 'hello bob 1'),
    ]);
    await expect(client.request([textData('other', '')], deadline())).rejects.toMatchObject({
      code: 'PEER_ERROR',
      sent: 'yes',
      status: 'F00',
    });
  });

  test('a Transfer is answered by its handler; without one it is F00', async () => {
    const { server, url } = await serverOf({ alice: 'secret' });
    const account = server.account('alice');
    const client = clientOf(url('alice', 'secret'));
    await client.connect();
    await expect(client.transfer(7n, [], deadline())).rejects.toMatchObject({ status: 'F00' });
    let balance = 0n;
    account.handleTransfer((amount, protocolData) => {
      if (amount > 100n) throw new BtpRefusal('F08', 'too much');
      balance += amount;
      return Promise.resolve(protocolData);
    });
    const claim = octetsData('claim', bytes(9));
    expect(await client.transfer(7n, [claim], deadline())).toEqual([claim]);
    await expect(client.transfer(101n, [], deadline())).rejects.toMatchObject({
      status: 'F08',
      btpError: { name: 'InsufficientBalanceError' },
    });
    expect(balance).toBe(7n);
  });

  test('a handler that fails becomes T00, and its message stays at home', async () => {
    const { server, url } = await serverOf({ alice: 'secret' });
    server.account('alice').handle('ilp', () => Promise.reject(new Error('database password')));
    const client = clientOf(url('alice', 'secret'));
    await client.connect();
    const failure: unknown = await client.send(bytes(1), deadline()).catch((e: unknown) => e);
    expect(failure).toMatchObject({ status: 'T00' });
    expect(String(failure)).not.toContain('password');
  });

  test('a response that is too long to send becomes T00, and the link goes on', async () => {
    const { server, url } = await serverOf({ alice: 'secret' });
    server
      .account('alice')
      .handle('ilp', (octets) => Promise.resolve(new Uint8Array(octets[0] === 1 ? 65_536 : 1)));
    const client = clientOf(url('alice', 'secret'));
    await client.connect();
    await expect(client.send(bytes(1), deadline())).rejects.toMatchObject({ status: 'T00' });
    expect(await client.send(bytes(2), deadline())).toEqual(bytes(0));
  });

  test('an account asks and transfers as a client does', async () => {
    const { server, url } = await serverOf({ alice: 'secret' });
    const client = clientOf(url('alice', 'secret'));
    client.handle('info', () => Promise.resolve([jsonData('info', { scale: 9 })]));
    client.handleTransfer((amount) => Promise.resolve([textData('got', String(amount))]));
    await client.connect();
    const account = server.account('alice');
    expect(await account.request([textData('info', '')], deadline())).toEqual([
      { protocolName: 'info', contentType: 2, data: new TextEncoder().encode('{"scale":9}') },
    ]);
    expect(await account.transfer(12n, [], deadline())).toEqual([textData('got', '12')]);
    expect(account.counters).toMatchObject({ requestsSent: 2, responsesReceived: 2 });
    expect(client.counters).toMatchObject({ requestsReceived: 2, responsesSent: 2 });
  });

  test('a policy that makes no sense is refused', () => {
    const url = 'btp+ws://host';
    expect(() => new BtpClient({ url, policy: { maxMessageBytes: 0 } })).toThrow(
      'policy.maxMessageBytes is 0, it must be above 0',
    );
    expect(() => new BtpClient({ url, policy: { keepAliveIntervalMs: NaN } })).toThrow(RangeError);
    expect(() => new BtpClient({ url, policy: { keepAliveIntervalMs: Infinity } })).not.toThrow();
  });

  test('a server works on an http.Server of the application, and leaves other paths to it', async () => {
    const http = createServer((_request, response) => response.end('page'));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { port } = http.address() as AddressInfo;
    const server = new BtpServer({ path: '/btp', authenticate: equalTokens({ alice: 'secret' }) });
    track(server);
    track({ close: () => new Promise<void>((resolve) => http.close(() => resolve())) });
    server.attach(http);
    let others = 0;
    http.on('upgrade', (request: { url?: string }, socket: { destroy(): void }) => {
      if (request.url === '/btp?x=1') return;
      others += 1;
      socket.destroy();
    });
    const client = clientOf(`btp+ws://alice:secret@127.0.0.1:${port}/btp?x=1`);
    await client.connect();
    expect(client.isConnected).toBe(true);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('page');
    const elsewhere = new BtpClient({ url: `btp+ws://alice:secret@127.0.0.1:${port}/chat` });
    track(elsewhere);
    const failed = new Promise((resolve) => elsewhere.once('reconnecting', resolve));
    void elsewhere.connect().catch(() => undefined);
    await failed;
    expect(others).toBe(1);
  });
});
