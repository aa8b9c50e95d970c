import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BtpServer, equalSecrets, type BtpAccount, type BtpServerOptions } from '@pennyswitch/btp';
import { WebSocketServer } from 'ws';
import { NO_CHROMIUM, TestBrowser, type OpenPage } from '../src/chromium.js';
import type { BtpPage } from './pages/btp.js';

const SCRIPT = new URL('./pages/btp.ts', import.meta.url);

/** Calls a function of the page. */
function call<Name extends keyof BtpPage>(
  { page }: OpenPage,
  name: Name,
  ...args: Parameters<BtpPage[Name]>
): Promise<Awaited<ReturnType<BtpPage[Name]>>> {
  const list = args.map((arg) => JSON.stringify(arg)).join(', ');
  return page.evaluate(`btp.${name}(${list})`);
}

describe.skipIf(NO_CHROMIUM !== undefined)(
  `in Chromium${NO_CHROMIUM === undefined ? '' : ` (${NO_CHROMIUM})`}`,
  () => {
    let browser: TestBrowser;

    beforeAll(async () => {
      browser = await TestBrowser.start();
    }, 30_000);

    afterAll(() => browser.close());

    /** A server that answers backwards, and lets pages of some origins in. */
    async function listen(
      options: Partial<BtpServerOptions> = {},
    ): Promise<{ server: BtpServer; alice: BtpAccount; port: number }> {
      const server = new BtpServer({
        authenticate: ({ token }) =>
          Promise.resolve(equalSecrets(token, 's3cret') ? 'alice' : undefined),
        ...options,
      });
      const alice = server.account('alice');
      alice.handle('ilp', (octets) => Promise.resolve(octets.toReversed()));
      const { port } = await server.listen({ port: 0 });
      return { server, alice, port };
    }

    test('a page connects, and packets of every size go both ways', async () => {
      const opened = await browser.open({ script: SCRIPT });
      const { server, alice, port } = await listen({ allowedOrigins: [opened.origin] });
      expect(await call(opened, 'connect', `btp+ws://:s3cret@127.0.0.1:${port}`)).toBe('connected');
      expect(await call(opened, 'send', 500, 100)).toBe(500);
      expect(await call(opened, 'send', 20, 32_768)).toBe(20);
      expect(await call(opened, 'send', 1, 0)).toBe(1);
      const reply = await alice.send(Uint8Array.of(1, 2, 3), { deadline: Date.now() + 10_000 });
      expect([...reply]).toEqual([3, 2, 1]);
      expect(await call(opened, 'asked')).toEqual(['1,2,3']);
      await call(opened, 'close');
      // The page may know it before the server does.
      await expect.poll(() => alice.isConnected, { timeout: 30_000 }).toBe(false);
      await server.close();
      expect(opened.messages).toEqual([]);
    }, 60_000);

    test('a worker of a page connects as the page does', async () => {
      const opened = await browser.open({ script: SCRIPT });
      const { server, alice, port } = await listen({ allowedOrigins: [opened.origin] });
      const inWorker = (...args: Parameters<BtpPage['inWorker']>): Promise<unknown> =>
        call(opened, 'inWorker', ...args);
      expect(await inWorker('connect', `btp+ws://:s3cret@127.0.0.1:${port}`)).toBe('connected');
      expect(await inWorker('send', 100, 100)).toBe(100);
      const reply = await alice.send(Uint8Array.of(1, 2, 3), { deadline: Date.now() + 30_000 });
      expect([...reply]).toEqual([3, 2, 1]);
      expect(await inWorker('asked')).toEqual(['1,2,3']);
      await inWorker('close');
      await server.close();
      expect(opened.messages).toEqual([]);
    }, 60_000);

    test('a page of another origin is refused before it can say who it is', async () => {
      const opened = await browser.open({ script: SCRIPT });
      const { server, alice, port } = await listen({ allowedOrigins: ['https://wallet.example'] });
      const url = `btp+ws://:s3cret@127.0.0.1:${port}`;
      const outcome = await call(opened, 'connect', url, {}, 1000);
      expect(outcome).not.toBe('connected');
      expect(alice.isConnected).toBe(false);
      expect(outcome).not.toContain('s3cret');
      await server.close();
    }, 60_000);

    test('a wrong token is told as such', async () => {
      const opened = await browser.open({ script: SCRIPT });
      const { server, port } = await listen({ allowedOrigins: [opened.origin] });
      const outcome = await call(opened, 'connect', `btp+ws://:wrong@127.0.0.1:${port}`);
      expect(outcome).toMatch(/refused|credentials|F00|F01|authenti/iu);
      await server.close();
    }, 60_000);

    test('an idle connection shows its life by empty Messages, and finds a silent server dead (browsers cannot ping)', async () => {
      const opened = await browser.open({ script: SCRIPT });
      const { server, alice, port } = await listen({ allowedOrigins: [opened.origin] });
      const policy = { keepAliveIntervalMs: 50, keepAliveTimeoutMs: 30_000 };
      const url = `btp+ws://:s3cret@127.0.0.1:${port}`;
      expect(await call(opened, 'connect', url, policy)).toBe('connected');
      await expect.poll(() => alice.counters.responsesSent, { timeout: 30_000 }).toBeGreaterThan(3);
      expect(alice.counters.connections).toBe(1);
      await call(opened, 'close');
      await server.close();

      const silent = new WebSocketServer({ port: 0, host: '127.0.0.1' });
      let connections = 0;
      silent.on('connection', (socket) => {
        connections += 1;
        // The response to the authentication is the last that it says.
        socket.once('message', (data: Buffer) => {
          socket.send(Uint8Array.of(1, ...data.subarray(1, 5), 2, 1, 0));
        });
      });
      await once(silent, 'listening');
      const { port: silentPort } = silent.address() as AddressInfo;
      await call(opened, 'connect', `btp+ws://:s3cret@127.0.0.1:${silentPort}`, {
        ...policy,
        keepAliveTimeoutMs: 100,
      });
      await expect.poll(() => connections, { timeout: 30_000 }).toBeGreaterThan(1);
      await call(opened, 'close');
      for (const socket of silent.clients) socket.terminate();
      await new Promise((resolve) => silent.close(resolve));
    }, 60_000);

    test('it connects again when the server comes back', async () => {
      const opened = await browser.open({ script: SCRIPT });
      const first = await listen({ allowedOrigins: [opened.origin] });
      const url = `btp+ws://:s3cret@127.0.0.1:${first.port}`;
      expect(await call(opened, 'connect', url)).toBe('connected');
      await first.server.close();
      const second = new BtpServer({
        authenticate: () => Promise.resolve('alice'),
        allowedOrigins: [opened.origin],
      });
      second.account('alice').handle('ilp', (octets) => Promise.resolve(octets.toReversed()));
      await second.listen({ port: first.port });
      // The page itself may not have noticed yet that the first server is gone.
      const { counters } = second.account('alice');
      await expect.poll(() => counters.connections, { timeout: 20_000 }).toBe(1);
      await call(opened, 'reconnected');
      expect(await call(opened, 'send', 3, 10)).toBe(3);
      await call(opened, 'close');
      await second.close();
    }, 60_000);
  },
);
