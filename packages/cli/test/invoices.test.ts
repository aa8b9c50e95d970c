/** A wallet with books: invoices, webhooks, receipts, restarts. */
import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyWebhook } from '@pennyswitch/spsp';
import { createNodeFetch } from '@pennyswitch/spsp/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DemoNetwork } from '../src/demo/demo-network.js';
import { makePlan } from '../src/demo/plan.js';
import { ExitCode } from '../src/exit-codes.js';
import { run, start, type RunningCommand } from './commands.js';

const TIMEOUT_MS = 90_000;
const WEBHOOK_SECRET = Buffer.alloc(24, 3);
const ENV = {
  PENNYSWITCH_RECEIVER_SECRET: Buffer.alloc(32, 4).toString('base64'),
  PENNYSWITCH_WEBHOOK_SECRET: WEBHOOK_SECRET.toString('base64'),
};

describe('a wallet with books', () => {
  let network: DemoNetwork;
  let folder: string;
  let hook: Server;
  let profile: string;
  const posted: { readonly isSigned: boolean; readonly event: Record<string, unknown> }[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pennyswitch-test-'));
    network = new DemoNetwork(await makePlan({ guest: true }), () => undefined);
    await network.start();
    profile = join(folder, 'sender.json');
    writeFileSync(profile, JSON.stringify(network.plan.nodes.sender.config), { mode: 0o600 });
    hook = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const header = (name: string): string | null =>
          request.headersDistinct[name]?.join(', ') ?? null;
        void verifyWebhook(body, header, WEBHOOK_SECRET).then((isSigned) => {
          posted.push({ isSigned, event: JSON.parse(body) as Record<string, unknown> });
          response.writeHead(204).end();
        });
      });
    });
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  }, TIMEOUT_MS);

  afterAll(async () => {
    hook.close();
    await network.stop();
    rmSync(folder, { recursive: true });
  }, TIMEOUT_MS);

  const books = (): string[] => ['--books', join(folder, 'shop.journal')];

  function receive(): RunningCommand {
    const { port } = hook.address() as AddressInfo;
    return start(
      [
        ...['receive', '--pointer', '$shop.localhost', '--listen', '127.0.0.1:0', ...books()],
        ...['--uplink', network.plan.guestUplink, '--webhook', `http://127.0.0.1:${port}/`],
      ],
      ENV,
    );
  }

  /** The options that lead to a server, as it prints them. */
  const reach = (printed: string): string[] =>
    /add: (--connect-to .*)$/m.exec(printed)?.[1]?.split(' ') ?? [];

  it(
    'makes invoices that are paid once, told about, and not forgotten',
    async () => {
      const shop = receive();
      const ready = await shop.printed('add: --connect-to');
      // The QR code and the pointer that is in it.
      expect(ready).toMatch(/[█▀▄]{5}/);
      expect(ready).toContain('Payment pointer: $shop.localhost\n');

      const made = await run([
        ...['invoice', 'create', '0.40', '--description', 'a chair', '--json', ...books()],
      ]);
      const { id, pointer } = JSON.parse(made.stdout) as { id: string; pointer: string };
      expect(pointer).toBe(`$shop.localhost/invoices/${id}`);
      const pay = ['pay', pointer, '--yes', '--profile', profile, ...reach(ready)];
      const paid = await run(pay);
      expect(paid.stderr).toContain('for          a chair');
      expect(paid.stderr).toMatch(/costs .*\n {2}arrives .*\n {2}rate /);
      expect(paid.stdout).toContain('delivered  0.40 USD');
      expect(paid.code).toBe(ExitCode.ok);
      await shop.printed(`invoice ${id} is paid: 0.40 USD`);
      await expect.poll(() => posted.length, { timeout: 10_000 }).toBe(1);
      expect(posted[0]).toMatchObject({
        isSigned: true,
        event: { type: 'money.received', amount: '400000', invoice: { id, isPaid: true } },
      });
      const again = await run(pay);
      expect(again.stderr).toContain('this payment pointer takes no more money');
      expect(again.code).toBe(ExitCode.unknownPointer);
      shop.process.kill('SIGKILL');
      await shop.finished;

      const gone = await run(['invoice', 'list', ...books()]);
      expect([gone.code, gone.stderr]).toEqual([
        ExitCode.configuration,
        expect.stringContaining('no `pennyswitch receive --books`'),
      ]);
      const later = receive();
      await later.printed('add: --connect-to');
      const list = await run(['invoice', 'list', ...books()]);
      expect(list.stdout).toMatch(new RegExp(`^${id} +paid +0\\.40 +0\\.40 USD +a chair$`, 'm'));
      later.process.kill('SIGTERM');
      expect((await later.finished).code).toBe(ExitCode.ok);
    },
    TIMEOUT_MS,
  );

  it(
    'gives receipts that a verifier credits (RFC 0039)',
    async () => {
      const shop = receive();
      const shopReach = reach(await shop.printed('add: --connect-to'));
      const verifier = start([
        ...['verify-receipts', '--receiver', '/ann=$shop.localhost', '--listen', '127.0.0.1:0'],
        ...shopReach,
      ]);
      const verifierReach = reach(await verifier.printed('add: --connect-to'));
      const { stdout, code } = await run([
        ...['pay', '$verifier.localhost/ann', '0.10', '--asset', 'USD', '--json'],
        ...['--profile', profile, ...verifierReach],
      ]);
      expect(code).toBe(ExitCode.ok);
      const { receipt } = JSON.parse(stdout) as { receipt: string };
      const [, host = '', port = ''] = /:443:([^:]+):([0-9]+)/.exec(verifierReach.join(' ')) ?? [];
      const fetch = createNodeFetch({
        connectTo: () => ({ host, port: Number(port) }),
        allowPrivateAddresses: true,
        ca: (await import('node:fs')).readFileSync(verifierReach.at(-1) ?? ''),
      });
      expect((await fetch('https://verifier.localhost/balances/ann', {})).status).toBe(200);
      expect(Buffer.from(receipt, 'base64')).toHaveLength(58);
      for (const { process, finished } of [verifier, shop]) {
        process.kill('SIGTERM');
        expect((await finished).code).toBe(ExitCode.ok);
      }
    },
    TIMEOUT_MS,
  );

  it('asks for --yes where there is no terminal to ask at', async () => {
    const { code, stderr } = await run(['pay', '$shop.localhost', '1', '--profile', profile]);
    expect([code, stderr]).toEqual([
      ExitCode.usage,
      'pennyswitch: there is no terminal to ask at: give --yes to pay without being asked\n',
    ]);
  });
});
