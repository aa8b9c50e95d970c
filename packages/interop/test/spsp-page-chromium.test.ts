/** The page that pays by the second, in a real browser, through real processes. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { BtpServer } from '@pennyswitch/btp';
import { btpLink, configuredRates, Connector } from '@pennyswitch/connector-core';
import { DemoProcess, PageServer, parseConnectTo } from '@pennyswitch/demo-page';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NO_CHROMIUM, TestBrowser, type OpenPage } from '../src/chromium.js';

const USD = { code: 'USD', scale: 6 };
const EUR = { code: 'EUR', scale: 6 };
const COMMAND = join(
  dirname(createRequire(import.meta.url).resolve('pennyswitch/package.json')),
  'bin/pennyswitch.js',
);
const TIMEOUT_MS = 90_000;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
}, 60_000);

/** A connector with two children. */
interface Bank {
  /** The URLs by which they connect. */
  readonly provider: string;
  readonly shop: string;
  /** Ends the shop's account, and gives it one again. */
  readonly drop: () => Promise<void>;
  readonly take: () => Promise<void>;
}

async function startBank(): Promise<Bank> {
  const tokens = {
    provider: randomBytes(16).toString('hex'),
    shop: randomBytes(16).toString('hex'),
  };
  const connector = new Connector({
    address: parseIlpAddress('test.bank'),
    rates: configuredRates({ pairs: { 'USD/EUR': '0.92' } }),
    spread: '0.002',
  });
  const server = new BtpServer({
    authenticate: ({ token }) =>
      Promise.resolve(Object.entries(tokens).find(([, each]) => each === token)?.[0]),
  });
  const limits = { maximumBalance: 10n ** 9n };
  const add = (id: string, asset: typeof USD): Promise<unknown> =>
    connector.addAccount({ id, relation: 'child', asset, limits }, btpLink(server.account(id)));
  await add('provider', USD);
  await add('shop', EUR);
  await connector.start();
  const { port } = await server.listen({ port: 0 });
  closers.push(async () => {
    await connector.stop({ drainMs: 100 });
    await server.close();
  });
  const url = (token: string): string => `btp+ws://:${token}@127.0.0.1:${port}`;
  return {
    provider: url(tokens.provider),
    shop: url(tokens.shop),
    drop: async () => {
      await connector.removeAccount('shop');
      await server.removeAccount('shop');
    },
    take: async () => {
      await add('shop', EUR);
    },
  };
}

/** `pennyswitch receive`, and what it says. */
interface Shop {
  readonly connectTo: string;
  readonly ca: string;
  /** Ends it in order; what it received in all. */
  readonly stop: () => Promise<bigint>;
}

type Line = { event: string; connectTo: string; ca: string; total: { amount: string } };

async function startShop(uplink: string): Promise<Shop> {
  const child = spawn(
    process.execPath,
    [
      ...[COMMAND, 'receive', '--json', '--pointer', '$shop.localhost', '--uplink', uplink],
      ...['--listen', '127.0.0.1:0'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  closers.push(() => Promise.resolve(child.kill('SIGKILL')));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (event: string): Promise<Line> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`the shop ended without ${event}`);
      const line = JSON.parse(value) as Line;
      if (line.event === event) return line;
    }
  };
  const { connectTo, ca } = await next('ready');
  return {
    connectTo,
    ca,
    stop: async () => {
      child.kill('SIGTERM');
      const { total } = await next('end');
      return BigInt(total.amount);
    },
  };
}

/** The meter's texts, all of one moment. */
async function meter({ page }: OpenPage): Promise<{
  delivered: bigint;
  sent: bigint;
  packets: number;
  state: string;
  problem: string;
}> {
  const [delivered = '', sent = '', packets = '', state = '', problem = ''] = await page.evaluate<
    string[]
  >(
    `['delivered', 'sent', 'packets', 'state', 'problem'].map((id) => document.getElementById(id).textContent)`,
  );
  return {
    delivered: units(delivered),
    sent: units(sent),
    packets: Number(packets),
    state,
    problem,
  };
}

/** Both assets have six decimal places. */
function units(text: string): bigint {
  const [whole = '0', decimals = ''] = text.replace(/ .*/, '').split('.');
  return BigInt(whole + decimals.padEnd(6, '0'));
}

/** Pauses, and waits until the page says that nothing is on its way any more. */
async function pause(opened: OpenPage): Promise<void> {
  await opened.page.click('#pause');
  await expect.poll(async () => (await meter(opened)).state).toBe('paused');
}

describe.skipIf(NO_CHROMIUM !== undefined)(
  `the page that pays by the second${NO_CHROMIUM === undefined ? '' : ` (${NO_CHROMIUM})`}`,
  () => {
    let browser: TestBrowser;

    beforeAll(async () => {
      browser = await TestBrowser.start();
    }, 30_000);

    afterAll(() => browser.close());

    test(
      'pays by the second from a wallet in the page, to the unit, and goes on when the receiver was gone for a while',
      async () => {
        const bank = await startBank();
        const shop = await startShop(bank.shop);
        const server = await PageServer.start({
          pointer: '$shop.localhost',
          uplink: bank.provider,
          connectTo: [parseConnectTo(shop.connectTo)],
          ca: shop.ca,
        });
        closers.push(() => server.close());
        const opened = await browser.visit(server.url);
        await opened.page.evaluate(`
          window.events = [];
          for (const type of ['monetizationstart', 'monetizationprogress']) {
            document.monetization.addEventListener(type, ({ detail }) => window.events.push({ type, detail, state: document.monetization.state }));
          }`);
        await expect
          .poll(() => opened.page.evaluate('window.events.length'), { timeout: 20_000 })
          .toBeGreaterThan(1);
        expect(await opened.page.evaluate('document.body.classList.contains("is-paid")')).toBe(
          true,
        );
        expect(await opened.page.evaluate('window.events.at(-1)')).toEqual({
          type: 'monetizationprogress',
          state: 'started',
          detail: {
            paymentPointer: '$shop.localhost',
            requestId: expect.stringMatching(
              /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
            ),
            amount: expect.stringMatching(/^[1-9][0-9]*$/),
            assetCode: 'EUR',
            assetScale: 6,
            receipt: null,
          },
        });

        // The receiver is gone: the page says so, and goes on over a connection of its own when it is back.
        // Nothing is on its way then: a fulfillment that is lost would leave the two with different sums, rightly.
        await pause(opened);
        await bank.drop();
        await opened.page.click('#pause');
        await expect
          .poll(() => meter(opened), { timeout: 40_000 })
          .toMatchObject({ state: 'trying again', problem: expect.stringMatching(/./) });
        expect(await opened.page.evaluate('document.monetization.state')).toBe('pending');
        const before = (await meter(opened)).packets;
        await bank.take();
        await expect
          .poll(async () => (await meter(opened)).packets, { timeout: 40_000 })
          .toBeGreaterThan(before + 1);
        expect(await opened.page.evaluate('document.monetization.state')).toBe('started');

        await pause(opened);
        const { delivered, sent } = await meter(opened);
        expect(await server.provider.spent()).toBe(sent);
        expect(await shop.stop()).toBe(delivered);
        expect(opened.messages).toEqual([]);
      },
      TIMEOUT_MS,
    );

    test(
      'spends no more than its provider allows, and says why nothing arrives',
      async () => {
        const bank = await startBank();
        const shop = await startShop(bank.shop);
        const server = await PageServer.start({
          pointer: '$shop.localhost',
          uplink: bank.provider,
          connectTo: [parseConnectTo(shop.connectTo)],
          ca: shop.ca,
          budget: 0n,
        });
        closers.push(() => server.close());
        const opened = await browser.visit(server.url);
        await expect
          .poll(async () => (await meter(opened)).problem, { timeout: 60_000 })
          .toMatch(/T04/);
        expect(await server.provider.spent()).toBe(0n);
        expect(await shop.stop()).toBe(0n);
      },
      TIMEOUT_MS,
    );

    test(
      'is shown by one command, with a whole network behind it',
      async () => {
        const demo = await DemoProcess.start();
        closers.push(() => demo.stop());
        const { uplink, pointer, connectTo, ca } = demo;
        const server = await PageServer.start({
          pointer,
          uplink,
          connectTo: [parseConnectTo(connectTo)],
          ca,
        });
        closers.push(() => server.close());
        const opened = await browser.visit(server.url);
        await expect
          .poll(async () => (await meter(opened)).packets, { timeout: 20_000 })
          .toBeGreaterThan(1);
        expect(await opened.page.locator('#delivered-code').textContent()).toBe('XRP');
        expect(opened.messages).toEqual([]);
      },
      TIMEOUT_MS,
    );

    test(
      'is of use to nobody else on the machine',
      async () => {
        const bank = await startBank();
        const server = await PageServer.start({
          pointer: '$shop.localhost',
          uplink: bank.provider,
        });
        closers.push(() => server.close());
        const { port } = new URL(server.url);
        const status = async (
          path: string,
          headers: Record<string, string> = {},
        ): Promise<number> => {
          const { request } = await import('node:http');
          return new Promise((resolve, reject) => {
            request({ port, path, headers, host: '127.0.0.1' }, (response) => {
              response.resume();
              resolve(response.statusCode ?? 0);
            })
              .once('error', reject)
              .end();
          });
        };
        expect(await status('/wallet.json')).toBe(200);
        expect(await status('/wallet.json', { host: `evil.example:${port}` })).toBe(421);
        expect(await status('/spsp?url=https://127.0.0.1/')).toBe(403);
        expect(
          await status('/spsp?url=https://shop.localhost/', { 'sec-fetch-site': 'cross-site' }),
        ).toBe(403);
        expect(await status('/nothing')).toBe(404);
        expect(await status('http://x/')).toBe(400);
        // Another page's script cannot read the ticket, nor open the link.
        const other = await browser.visit(`http://localhost:${(await elsewhere()).port}/`);
        const stolen = await other.page.evaluate(
          `fetch('${server.url}wallet.json').then(() => 'read', () => 'refused')`,
        );
        expect(stolen).toBe('refused');
      },
      TIMEOUT_MS,
    );
  },
);

/** Another site. */
async function elsewhere(): Promise<{ port: number }> {
  const { createServer: createHttpServer } = await import('node:http');
  const server = createHttpServer((_, response) => response.end('<!doctype html><title>x</title>'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return server.address() as AddressInfo;
}
