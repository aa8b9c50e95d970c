/** What goes wrong when somebody pays, and what then: one line for a person, an exit code for a script. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSpspHandler, SpspClient } from '@pennyswitch/spsp';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { DemoNetwork } from '../src/demo/demo-network.js';
import { makePlan, POINTER, POINTER_HOST } from '../src/demo/plan.js';
import { ExitCode } from '../src/exit-codes.js';
import { serveHttp, type RunningServer } from '../src/node/http.js';
import { makeCertificates } from '../src/wallet/certificates.js';
import { createFetch } from '../src/wallet/https.js';
import { run, start } from './commands.js';

const TIMEOUT_MS = 60_000;

describe('paying through a network', () => {
  let network: DemoNetwork;
  let uplink: string;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pennyswitch-test-'));
    network = new DemoNetwork(await makePlan({ guest: true }), () => undefined);
    await network.start();
    uplink = network.plan.guestUplink;
  }, TIMEOUT_MS);

  afterAll(async () => {
    await network.stop();
    rmSync(folder, { recursive: true });
  }, TIMEOUT_MS);

  /** The options that lead to the demo's receiver. */
  function reach(): string[] {
    const { plan, caFile } = network;
    return ['--connect-to', `${POINTER_HOST}:443:127.0.0.1:${plan.spspPort}`, '--ca', caFile];
  }

  it(
    'pays, shows a receipt and exits 0',
    async () => {
      const { code, stdout } = await run([
        'pay',
        POINTER,
        '0.50',
        '--yes',
        '--uplink',
        uplink,
        ...reach(),
      ]);
      expect(stdout).toContain(`Paid ${POINTER}\n  sent       0.50 USD\n  delivered  0.84`);
      expect(code).toBe(ExitCode.ok);
    },
    TIMEOUT_MS,
  );

  it(
    'prints one JSON object with --json, amounts as strings',
    async () => {
      const args = ['pay', POINTER, '0.25', '--json', '--uplink', uplink, ...reach()];
      const { code, stdout } = await run(args);
      expect(JSON.parse(stdout)).toMatchObject({
        sent: { amount: '250000', code: 'USD', scale: 6 },
        delivered: { code: 'XRP', scale: 9 },
        unknownOutcome: { amount: '0', packets: 0 },
        error: null,
      });
      expect(code).toBe(ExitCode.ok);
    },
    TIMEOUT_MS,
  );

  it(
    'takes its uplink from a profile, but not from one that others can read',
    async () => {
      const file = join(folder, 'profile.yaml');
      writeFileSync(file, `uplink:\n  url: '${uplink}'\n`, { mode: 0o600 });
      const args = ['pay', POINTER, '0.10', '--yes', '--profile', file, ...reach()];
      expect((await run(args)).code).toBe(ExitCode.ok);
      writeFileSync(join(folder, 'open.yaml'), `uplink:\n  url: '${uplink}'\n`, { mode: 0o644 });
      const open = await run([
        'pay',
        POINTER,
        '0.10',
        '--yes',
        '--profile',
        join(folder, 'open.yaml'),
      ]);
      expect(open.code).toBe(ExitCode.configuration);
      expect(open.stderr).toContain('chmod 600');
      expect(open.stderr).not.toContain(uplink);
    },
    TIMEOUT_MS,
  );

  it(
    'says whose token was refused, and never the token',
    async () => {
      const wrong = uplink.replace(/:[^:@]+@/, ':wrong-token@');
      const { code, stderr } = await run([
        'pay',
        POINTER,
        '1',
        '--yes',
        '--uplink',
        wrong,
        ...reach(),
      ]);
      expect(code).toBe(ExitCode.authentication);
      expect(stderr).toMatch(
        /^pennyswitch: btp\+ws:\/\/127\.0\.0\.1:\d+ refused the token of account uplink/m,
      );
      expect(stderr).not.toContain('wrong-token');
    },
    TIMEOUT_MS,
  );

  it.each([
    [
      `$${POINTER_HOST}/eve`,
      ExitCode.unknownPointer,
      'nobody has this payment pointer. Nothing was sent.',
    ],
    ['$bob.localhost:8080', ExitCode.unknownPointer, 'it has a port'],
    ['bob', ExitCode.unknownPointer, 'expected a payment pointer'],
  ])(
    'refuses the pointer %s',
    async (pointer, exitCode, text) => {
      const { code, stderr } = await run([
        'pay',
        pointer,
        '1',
        '--yes',
        '--uplink',
        uplink,
        ...reach(),
      ]);
      expect(stderr).toContain(text);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(code).toBe(exitCode);
    },
    TIMEOUT_MS,
  );

  it(
    'does not trust a certificate that it was not told to trust',
    async () => {
      const args = ['pay', POINTER, '1', '--yes', '--uplink', uplink, ...reach().slice(0, 2)];
      const { code, stderr } = await run(args);
      expect(stderr).toMatch(/bob\.localhost cannot be reached: .*certificate/);
      expect(code).toBe(ExitCode.pointerOffline);
    },
    TIMEOUT_MS,
  );

  it(
    'ends before money moves when the rate is worse than the minimum',
    async () => {
      const prices = ['--price', 'USD=2', '--price', 'XRP=1'];
      const { code, stderr, stdout } = await run([
        ...['pay', POINTER, '1', '--yes', ...prices, '--uplink', uplink, ...reach()],
      ]);
      expect(stderr).toMatch(/the rate of the path is .* and must be at least .*Nothing was sent/);
      expect(stdout).toBe('');
      expect(code).toBe(ExitCode.rate);
    },
    TIMEOUT_MS,
  );

  it(
    'holds the path to a minimum rate that a person gave',
    async () => {
      const args = ['pay', POINTER, '0.20', '--yes', '--uplink', uplink, ...reach()];
      const worse = await run([...args, '--min-rate', '1.7']);
      expect(worse.stderr).toMatch(/the rate of the path is .*Nothing was sent/);
      expect(worse.code).toBe(ExitCode.rate);
      const better = await run([...args, '--min-rate', '1.68']);
      expect(better.stdout).toContain('sent       0.20 USD');
      expect(better.code).toBe(ExitCode.ok);
    },
    TIMEOUT_MS,
  );

  it('gives credentials with receipts to a verifier that asks for them (RFC 0039)', async () => {
    const { plan, caFile } = network;
    const connectTo = [`${POINTER_HOST}:443:127.0.0.1:${plan.spspPort}`];
    const client = new SpspClient({ fetch: createFetch({ ca: caFile, connectTo }) });
    const receipts = {
      nonce: Buffer.alloc(16, 1).toString('base64'),
      secret: Buffer.alloc(32, 2).toString('base64'),
    };
    expect(await client.query(POINTER, { receipts })).toMatchObject({ receiptsEnabled: true });
    expect(await client.query(POINTER)).toMatchObject({ receiptsEnabled: false });
  });

  it(
    'says when no connector knows a way',
    async () => {
      const server = await serveSpsp('test.nowhere.token', folder);
      const args = [
        '--connect-to',
        `shop.localhost:443:127.0.0.1:${server.port}`,
        '--ca',
        server.ca,
      ];
      const { code, stderr } = await run([
        'pay',
        '$shop.localhost',
        '1',
        '--yes',
        '--uplink',
        uplink,
        ...args,
      ]);
      await server.close();
      expect(stderr).toMatch(/F02.*Nothing was sent/);
      expect(code).toBe(ExitCode.noRoute);
    },
    TIMEOUT_MS,
  );

  it(
    'sends no more at Ctrl-C, tells what was sent and exits 0',
    async () => {
      const args = ['pay', POINTER, '250', '--events', '--uplink', uplink, ...reach()];
      const payment = start(args);
      await payment.printed('"event":"progress"');
      payment.process.kill('SIGINT');
      const { code, stdout } = await payment.finished;
      const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
        event: string;
        sent: { amount: string };
        unknownOutcome: { packets: number };
        error: { code: string };
      };
      expect(result).toMatchObject({ event: 'result', error: { code: 'CANCELLED' } });
      expect(result.unknownOutcome.packets).toBe(0);
      expect(BigInt(result.sent.amount)).toBeGreaterThan(0n);
      expect(BigInt(result.sent.amount)).toBeLessThan(250_000_000n);
      expect(code).toBe(ExitCode.ok);
    },
    TIMEOUT_MS,
  );

  it(
    'goes on with a payment whose process was killed, and pays nothing twice',
    async () => {
      const args = [
        ...['pay', POINTER, '8', '--state', join(folder, 'payment.json'), '--patience', '8'],
        ...['--uplink', uplink, ...reach()],
      ];
      const killed = start([...args, '--events']);
      await killed.printed('"event":"progress"');
      killed.process.kill('SIGKILL');
      await killed.finished;
      const { code, stdout, stderr } = await run([...args, '--json']);
      if (stdout === '') {
        // It was faster than the signal.
        expect(stderr).toContain('paid already');
        return;
      }
      expect(stderr).toContain('going on with the payment that was interrupted');
      const { sent, unknownOutcome, error } = JSON.parse(stdout) as {
        sent: { amount: string };
        unknownOutcome: { amount: string };
        error: { code: string } | null;
      };
      expect(BigInt(sent.amount) + BigInt(unknownOutcome.amount)).toBe(8_000_000n);
      // What was in flight when it was killed may have arrived.
      expect([undefined, 'OUTCOME_UNKNOWN']).toContain(error?.code);
      expect(code).toBe(error === null ? ExitCode.ok : ExitCode.paymentFailed);
    },
    TIMEOUT_MS,
  );

  it(
    'does not pay again with the file of a payment that is complete',
    async () => {
      const args = ['pay', POINTER, '0.15', '--yes', '--state', join(folder, 'done.json')];
      const [first, second] = [
        await run([...args, '--uplink', uplink, ...reach()]),
        await run([...args, '--uplink', uplink, ...reach()]),
      ];
      expect([first.code, second.code]).toEqual([ExitCode.ok, ExitCode.ok]);
      expect(first.stdout).toContain('sent       0.15 USD');
      expect([second.stdout, second.stderr]).toEqual([
        '',
        'pennyswitch: paid already. Nothing more was sent.\n',
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'stops at what the account may owe, and tells exactly what was sent and delivered',
    async () => {
      const args = ['pay', POINTER, '100000', '--json', '--uplink', uplink, ...reach()];
      const { code, stdout, stderr } = await run([...args, '--patience', '8']);
      const { sent, delivered, error } = JSON.parse(stdout) as {
        sent: { amount: string };
        delivered: { amount: string };
        error: { code: string };
      };
      expect(error.code).toBe('INSUFFICIENT_LIQUIDITY');
      expect(stderr.trim()).not.toBe('');
      expect(code).toBe(ExitCode.insufficientBalance);
      // 40 USD less what the other tests have left unsettled.
      expect(BigInt(sent.amount)).toBeGreaterThan(10_000_000n);
      expect(BigInt(sent.amount)).toBeLessThan(40_000_000n);
      expect(BigInt(delivered.amount)).toBeGreaterThan(0n);
    },
    TIMEOUT_MS,
  );

  describe('to a receiver that is gone', () => {
    // Not the guest's, which may owe no more by now.
    let profile: string;

    beforeAll(async () => {
      await network.children.get('receiver')?.kill();
      profile = join(folder, 'sender.json');
      writeFileSync(profile, JSON.stringify(network.plan.nodes.sender.config), { mode: 0o600 });
    });

    it(
      'says that its pointer cannot be reached',
      async () => {
        const { code, stderr } = await run([
          'pay',
          POINTER,
          '1',
          '--yes',
          '--profile',
          profile,
          ...reach(),
        ]);
        expect(stderr).toMatch(/bob\.localhost cannot be reached: .*Nothing was sent/);
        expect(code).toBe(ExitCode.pointerOffline);
      },
      TIMEOUT_MS,
    );

    it(
      'says that it does not answer, where only its wallet is gone',
      async () => {
        const server = await serveSpsp('test.c.bob.token', folder);
        const args = [
          '--connect-to',
          `shop.localhost:443:127.0.0.1:${server.port}`,
          '--ca',
          server.ca,
        ];
        const { code, stderr } = await run([
          ...['pay', '$shop.localhost', '1', '--yes', '--patience', '8'],
          ...['--profile', profile, ...args],
        ]);
        await server.close();
        expect(stderr).toMatch(/T01.*Nothing was sent/);
        expect(code).toBe(ExitCode.receiverOffline);
      },
      TIMEOUT_MS,
    );
  });
});

/** An SPSP server whose receiver is somewhere else. */
async function serveSpsp(
  destination: string,
  folder: string,
): Promise<RunningServer & { readonly ca: string }> {
  const { ca, certificate, privateKey } = await makeCertificates('shop.localhost');
  const caFile = join(folder, 'shop-ca.pem');
  writeFileSync(caFile, ca);
  const credentials = {
    destination: parseIlpAddress(destination),
    sharedSecret: new Uint8Array(32),
  };
  const server = await serveHttp(
    { host: '127.0.0.1', port: 0 },
    createSpspHandler({ answer: () => ({ credentials }) }),
    { cert: certificate, key: privateKey },
  );
  return { ...server, ca: caFile };
}

describe('a node', () => {
  let folder: string;
  let blocker: Server;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pennyswitch-test-'));
    blocker = createServer();
    await new Promise<void>((resolve) => {
      blocker.listen(0, '127.0.0.1', resolve);
    });
  });

  afterAll(() => {
    blocker.close();
    rmSync(folder, { recursive: true });
  });

  function config(settings: object): string {
    const file = join(folder, `${Object.keys(settings).join('-')}.yaml`);
    writeFileSync(file, JSON.stringify(settings));
    return file;
  }

  const admin = (port: number): object => ({
    host: '127.0.0.1',
    port,
    token: 'a token of 16 or more',
  });

  it(
    'stops in order at Ctrl-C and exits 0',
    async () => {
      const file = config({ address: 'test.x', accounts: {}, admin: admin(0) });
      const node = start(['node', '--json', '--config', file]);
      await node.printed('\n');
      node.process.kill('SIGINT');
      expect((await node.finished).code).toBe(ExitCode.ok);
    },
    TIMEOUT_MS,
  );

  it(
    'says which port is in use and takes another one, unless told not to',
    async () => {
      const { port } = blocker.address() as AddressInfo;
      const settings = { address: 'test.x', accounts: {}, admin: admin(port), logLevel: 'warn' };
      const node = start(['node', '--json', '--config', config(settings)]);
      const facts = JSON.parse(await node.printed('\n')) as { admin: { port: number } };
      expect(facts.admin.port).not.toBe(port);
      node.process.kill('SIGTERM');
      expect((await node.finished).stderr).toContain(
        `port 127.0.0.1:${port} (admin API) is in use`,
      );
      const strict = await run(['node', '--config', config({ ...settings, strictPorts: true })]);
      expect(strict.code).toBe(ExitCode.portInUse);
      expect(strict.stderr).toBe(`pennyswitch: port 127.0.0.1:${port} (admin API) is in use\n`);
    },
    TIMEOUT_MS,
  );
});

describe('the command line', () => {
  it.concurrent.each([
    [['--help'], ExitCode.ok],
    [['pay', '--help'], ExitCode.ok],
    [['no-such-command'], ExitCode.usage],
    [['pay'], ExitCode.usage],
    [['pay', '$a.example', '1'], ExitCode.usage],
    [['pay', '$a.example', '1', '--patience', '3'], ExitCode.usage],
    [['demo', '--amount', 'much'], ExitCode.usage],
    [['node', '--config', '/no/such/file'], ExitCode.configuration],
  ])(
    'pennyswitch %j exits %i',
    async (args, exitCode) => {
      expect((await run(args)).code).toBe(exitCode);
    },
    TIMEOUT_MS,
  );
});
