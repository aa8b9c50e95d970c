import { createHash, randomBytes } from 'node:crypto';
import { BtpServer } from '@pennyswitch/btp';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { StreamServer, type MoneyStream } from '@pennyswitch/stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NO_CHROMIUM, TestBrowser, type OpenPage } from '../src/chromium.js';
import type { StreamPage } from './pages/stream.js';
import { readOurs } from './stream-connection-peers.js';

const SCRIPT = new URL('./pages/stream.ts', import.meta.url);
const MEGABYTE = 1_000_000;

/** Calls a function of the page. */
function call<Name extends keyof StreamPage>(
  { page }: OpenPage,
  name: Name,
  ...args: Parameters<StreamPage[Name]>
): Promise<Awaited<ReturnType<StreamPage[Name]>>> {
  const list = args.map((arg) => JSON.stringify(arg)).join(', ');
  return page.evaluate(`stream.${name}(${list})`);
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(NO_CHROMIUM !== undefined)(
  `in Chromium${NO_CHROMIUM === undefined ? '' : ` (${NO_CHROMIUM})`}`,
  () => {
    let browser: TestBrowser;

    beforeAll(async () => {
      browser = await TestBrowser.start();
    }, 30_000);

    afterAll(() => browser.close());

    test('a page sends money and a megabyte over btp to a server in Node, and gets as much back', async () => {
      const opened = await browser.open({ script: SCRIPT });
      const link = new BtpServer({
        authenticate: () => Promise.resolve('page'),
        allowedOrigins: [opened.origin],
      });
      const account = link.account('page');
      const server = new StreamServer({
        secret: randomBytes(32),
        address: () => parseIlpAddress('test.node'),
        asset: { code: 'USD', scale: 6 },
        send: (prepare) => account.send(prepare, { deadline: Date.now() + 30_000 }),
        halfOpen: true,
      });
      account.handle('ilp', server.handle);
      const back = randomBytes(MEGABYTE);
      const streams: MoneyStream[] = [];
      const reads: Promise<Buffer>[] = [];
      server.on('connection', (connection) => {
        connection.on('stream', (stream) => {
          streams.push(stream);
          reads.push(readOurs(stream.readable));
          const writer = stream.writable.getWriter();
          void Promise.all([writer.write(back), stream.sendMoney(4321n)]).then(() =>
            writer.close(),
          );
        });
      });
      const { port } = await link.listen({ port: 0 });
      const { destination, sharedSecret } = server.createCredentials();
      await call(opened, 'connect', `btp+ws://:token@127.0.0.1:${port}`, {
        destination,
        sharedSecret: Buffer.from(sharedSecret).toString('hex'),
      });
      const exchanged = await call(opened, 'exchange', '123456', MEGABYTE);
      expect(exchanged.paid).toBe('123456');
      expect(streams[0]!.received).toBe(123_456n);
      expect(exchanged.received).toBe('4321');
      expect(exchanged.read).toBe(sha256(back));
      expect(sha256((await reads[0])!)).toBe(exchanged.sent);
      await call(opened, 'close');
      await expect.poll(() => server.connections.length).toBe(0);
      await link.close();
      expect(opened.messages).toEqual([]);
    }, 60_000);
  },
);
