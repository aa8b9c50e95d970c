/** The whole network in processes of its own, as `npm start` runs it. */
import { exec } from 'node:child_process';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { DemoNetwork } from '../src/demo/demo-network.js';
import { runDemo, type DemoResult } from '../src/demo/demo.js';
import { amountAfterHop } from '../src/demo/expected-delivery.js';
import { hops, TERMS } from '../src/demo/network.js';
import { ExitCode } from '../src/exit-codes.js';
import { run, start } from './commands.js';

const TIMEOUT_MS = 120_000;

interface DemoJson {
  readonly sent: { amount: string; code: string; scale: number };
  readonly delivered: { amount: string; code: string; scale: number };
  readonly packets: { fulfilled: number; rejected: number };
  readonly nodes: { name: string; address: string; routes: string[] }[];
  readonly balances: { account: string; ours: string; theirs: string }[];
  readonly booksAgree: boolean;
}

describe('pennyswitch demo', () => {
  it(
    'moves money through three connectors and prints nothing but JSON with --json',
    async () => {
      const { code, stdout } = await run(['demo', '--json', '--amount', '3']);
      expect(code).toBe(ExitCode.ok);
      const json = JSON.parse(stdout) as DemoJson;
      expect(json.sent).toEqual({ amount: '3000000', code: 'USD', scale: 6 });
      expect(json.delivered).toMatchObject({ code: 'XRP', scale: 9 });
      // 3 × 0.9213 × 0.995 × 1.8467 × 0.9975, less than a thousandth for rounding.
      expect(Number(json.delivered.amount) / 1e9).toBeCloseTo(5.0658, 2);
      expect(json.packets.fulfilled).toBeGreaterThan(50);
      expect(json.nodes.map(({ name, address }) => [name, address])).toEqual([
        ['A', 'test.a'],
        ['B', 'test.b'],
        ['C', 'test.c'],
        ['sender', 'test.a.sender'],
        ['receiver', 'test.c.bob'],
      ]);
      expect(json.nodes[0]?.routes).toContain('test.c');
      expect(json.balances).toHaveLength(4);
      for (const { ours, theirs } of json.balances) expect(BigInt(ours)).toBe(-BigInt(theirs));
      expect(json.booksAgree).toBe(true);
    },
    TIMEOUT_MS,
  );

  it(
    'leaves the network up with --stay, and a second terminal pays with the line that it prints',
    async () => {
      const demo = start(['demo', '--stay', '--amount', '1']);
      const printed = await demo.printed(/^npx pennyswitch pay .*$/m);
      const line = /^npx (pennyswitch pay .*)$/m.exec(printed)?.[1] ?? '';
      const paid = await promisify(exec)(`npx --no-install ${line} --json`);
      expect(JSON.parse(paid.stdout)).toMatchObject({ sent: { amount: '5000000' }, error: null });
      demo.process.kill('SIGINT');
      expect((await demo.finished).code).toBe(ExitCode.ok);
    },
    TIMEOUT_MS,
  );

  it(
    'sends no more at Ctrl-C, reads the books all the same and exits 0',
    async () => {
      const demo = start(['demo', '--amount', '250']);
      await demo.printed('Paying 250.00 USD');
      // As from npm start: once from the terminal, and once more from npm.
      demo.process.kill('SIGINT');
      setTimeout(() => demo.process.kill('SIGINT'), 20);
      const { code, stdout } = await demo.finished;
      expect(stdout).not.toContain('sent       250.00 USD');
      expect(code).toBe(ExitCode.ok);
    },
    TIMEOUT_MS,
  );

  it(
    'leaves no process behind when it is killed',
    async () => {
      const demo = start(['demo', '--stay', '--amount', '0.5']);
      const printed = await demo.printed(/--ca \S+\n/);
      const uplink = Number(/--uplink btp\+ws:\/\/[^ ]*:(\d+) /.exec(printed)?.[1]);
      const spsp = Number(/127\.0\.0\.1:(\d+) --ca/.exec(printed)?.[1]);
      demo.process.kill('SIGKILL');
      await expect.poll(() => accepts(uplink), { timeout: 20_000 }).toBe(false);
      await expect.poll(() => accepts(spsp), { timeout: 20_000 }).toBe(false);
      // Its files are all that a demo leaves behind when it is killed.
      rmSync(dirname(/--ca (\S+)/.exec(printed)?.[1] ?? '/none/none'), {
        recursive: true,
        force: true,
      });
    },
    TIMEOUT_MS,
  );

  it.each([
    [{ node: 'A', account: 'b' }, "the token of connector A's account b was refused"],
    [{ node: 'receiver', account: 'c' }, 'receiver did not start: .*token of account c'],
  ] as const)(
    'says which account has a wrong token: %j',
    async (wrongToken, message) => {
      const failure: unknown = await runDemo({ amount: '1', wrongToken }).catch(
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({
        exitCode: ExitCode.authentication,
        message: expect.stringMatching(message) as string,
      });
    },
    TIMEOUT_MS,
  );

  it(
    'says that the sender has a wrong token, and that nothing was sent',
    async () => {
      const result = await runDemo({ amount: '1', wrongToken: { node: 'sender', account: 'a' } });
      expect(result.exitCode).toBe(ExitCode.authentication);
      expect(result.failure).toMatch(/refused the token of account a/);
      expect(result.received).toBe(0n);
    },
    TIMEOUT_MS,
  );

  it(
    'ends with a failure when one connector converts at another rate than configured',
    async () => {
      const terms = { ...TERMS, B: { rates: { 'EUR/XRP': '1.8466' }, spread: '0.0025' } };
      const result = await runDemo({ amount: '1', terms, receiverTimeoutMs: 1_000 });
      expect(result.exitCode).toBe(ExitCode.deliveryWrong);
      expect(result.failure).toMatch(/^the receiver counted \d+ units/);
    },
    TIMEOUT_MS,
  );

  it(
    'ends with a failure when the books of one node are wrong by one unit',
    async () => {
      const result = await runDemo({
        amount: '1',
        afterPayment: async (network) => {
          await creditOneUnit(network);
        },
        booksTimeoutMs: 1_500,
      });
      expect(result.exitCode).toBe(ExitCode.booksDisagree);
      expect(result.failure).toBe('the books do not agree: A–B');
    },
    TIMEOUT_MS,
  );

  it(
    'survives a connector that is killed in mid-payment (ruling of what is proved and unknown)',
    async () => {
      let network: DemoNetwork | undefined;
      let killed: Promise<unknown> | undefined;
      const result = await runDemo({
        amount: '250',
        // Packets that B holds when it dies are answered when they expire.
        patience: 8,
        receiverTimeoutMs: 1_000,
        beforePayment: (running) => {
          network = running;
        },
        onProgress: ({ event, sent }) => {
          if (event === 'progress' && BigInt(String(sent)) > 1_000_000n) {
            killed ??= network?.children.get('B')?.kill();
          }
        },
      });
      expect(killed).toBeDefined();
      expect(result.exitCode).not.toBe(ExitCode.ok);
      const payment = result.payment as NonNullable<DemoResult['payment']>;
      expect(payment.error?.message).toBeTruthy();
      const proved = BigInt(payment.delivered.amount);
      const unknown = hops().reduce(amountAfterHop, BigInt(payment.unknownOutcome.amount));
      expect(proved).toBeGreaterThan(0n);
      expect(result.received).toBeGreaterThanOrEqual(proved);
      expect(result.received).toBeLessThanOrEqual(proved + unknown);
      // What both living ends of an account say is the same, once what B held has expired.
      const living = result.books.filter(
        ({ left, right }) => left !== undefined && right !== undefined,
      );
      expect(living.map(({ pair }) => `${pair.left.node}-${pair.right.node}`)).toEqual([
        'sender-A',
        'C-receiver',
      ]);
      expect(living.map(({ agree }) => agree)).toEqual([true, true]);
    },
    TIMEOUT_MS,
  );
});

/** Whether somebody listens on a port of this machine. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

/** Credits A's account with B with a unit that nobody paid, through the very API that a settlement engine uses. */
async function creditOneUnit({ plan }: DemoNetwork): Promise<void> {
  const { ports, settlementApiToken } = plan.nodes.A;
  const response = await fetch(`http://127.0.0.1:${ports.settlementApi}/accounts/b/settlements`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${settlementApiToken}`,
      'content-type': 'application/json',
      'idempotency-key': 'forged',
    },
    body: JSON.stringify({ amount: '1', scale: 6 }),
  });
  expect(response.status).toBe(201);
}
