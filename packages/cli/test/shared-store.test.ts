import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  conditionOf,
  decodePrepare,
  decodeReply,
  encodeFulfill,
  encodePrepare,
  PacketType,
  type IlpReply,
} from '@pennyswitch/ilp-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkConfig } from '../src/config/load.js';
import { nodeConfigSchema } from '../src/config/schema.js';
import { ExitCode } from '../src/exit-codes.js';
import { placeOfStore } from '../src/node/store.js';
import { start } from './commands.js';
import { NO_REDIS, PASSWORD, startRedis } from './redis.js';
import { configOf, FULFILLMENT, startNode } from './running-node.js';

const TOKEN = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
const USD = { code: 'USD', scale: 6 };
/** On a machine that does much else. */
const PATIENCE = { timeout: 30_000 };

const folder = mkdtempSync(join(tmpdir(), 'pennyswitch-shared-'));
const fulfill = encodeFulfill({ fulfillment: FULFILLMENT, data: new Uint8Array(0) });
let redis: Awaited<ReturnType<typeof startRedis>>;
let prefixes = 0;

/** The peer that packets are for: it fulfils, or keeps them waiting. */
class Bob {
  readonly #server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      // Those of the protocols between peers have no amount.
      if (decodePrepare(new Uint8Array(Buffer.concat(chunks))).amount > 0n) this.packets += 1;
      if (!this.isSilent) {
        response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(fulfill);
      }
    });
  });
  isSilent = false;
  packets = 0;

  async listen(): Promise<void> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/ilp`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const bob = new Bob();

beforeAll(async () => {
  await bob.listen();
  if (NO_REDIS === undefined) redis = await startRedis(folder);
});

afterAll(async () => {
  bob.close();
  if (NO_REDIS === undefined) await redis.stop();
  rmSync(folder, { recursive: true });
});

/** What all processes of the operator are started with. */
function shared(limits: object): object {
  const account = { relation: 'peer', asset: USD };
  return {
    address: 'test.us',
    http: { port: 0 },
    drainMs: 0,
    store: {
      type: 'redis',
      url: redis.url,
      password: PASSWORD,
      prefix: `{${++prefixes}}`,
      timeoutMs: 20_000,
    },
    accounts: {
      alice: {
        ...account,
        link: { type: 'http', url: bob.url, incoming: { tokens: [TOKEN] } },
        limits,
      },
      bob: { ...account, link: { type: 'http', url: bob.url }, staticRoutes: ['test.bob'] },
    },
  };
}

/** Sends a packet from alice to bob by one of the processes, as a load balancer would. */
async function pay(port: number, amount: bigint): Promise<IlpReply> {
  const prepare = encodePrepare({
    amount,
    expiresAt: new Date(Date.now() + 30_000),
    executionCondition: conditionOf(FULFILLMENT),
    destination: parseIlpAddress('test.bob.x'),
    data: crypto.getRandomValues(new Uint8Array(16)),
  });
  const response = await fetch(`http://127.0.0.1:${port}/ilp`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/octet-stream' },
    body: new Uint8Array(prepare),
  });
  return decodeReply(new Uint8Array(await response.arrayBuffer()));
}

/** How many packets were fulfilled. */
function fulfilled(replies: readonly IlpReply[]): number {
  return replies.filter(({ type }) => type === PacketType.fulfill).length;
}

describe.skipIf(NO_REDIS !== undefined)(`nodes that share a store ${NO_REDIS ?? ''}`, () => {
  it.each([
    ['a balance', { maximumBalance: '700' }],
    ['a limit of throughput', { incomingThroughput: { limit: '700', periodMs: 3_600_000 } }],
    ['a limit of packets', { packets: { limit: 7, periodMs: 3_600_000 } }],
  ])('share %s of an account, and both books', async (_name, limits) => {
    const config = shared(limits);
    const nodes = [(await startNode(config)).node, (await startNode(config)).node];
    const ports = nodes.map(({ listeners }) => listeners.http?.port ?? 0);
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, i) => pay(ports[i % 2] ?? 0, 100n)),
    );
    expect(fulfilled(replies)).toBe(7);
    for (const { connector } of nodes) {
      expect(await connector.balance('alice')).toMatchObject({ receivable: 700n, payable: 0n });
      expect(await connector.balance('bob')).toMatchObject({ receivable: 0n, payable: 700n });
    }
  });

  it('go on when one of them is killed: what it held is free again after its lifetime', async () => {
    const file = join(folder, 'node.json');
    const config = shared({ maximumBalance: '500' }) as { store: object };
    const store = { ...config.store, password: '${REDIS_PASSWORD}', lifetimeMs: 1000 };
    writeFileSync(file, JSON.stringify({ ...config, store }));
    const env = { REDIS_PASSWORD: PASSWORD };
    const commands = [0, 1].map(() => start(['node', '--config', file], env));
    const [first, second] = commands;
    if (first === undefined || second === undefined) throw new Error('two were started');
    try {
      const texts = await Promise.all(commands.map(({ printed }) => printed('Ctrl-C')));
      const ports = texts.map((text) => Number(/ILP over HTTP: .*:(\d+)/.exec(text)?.[1]));
      expect(texts[0]).toContain('balances: in Redis at unix://');
      expect(fulfilled([await pay(ports[0] ?? 0, 200n)])).toBe(1);

      bob.isSilent = true;
      const before = bob.packets;
      const lost = pay(ports[0] ?? 0, 300n).catch(() => undefined);
      await expect.poll(() => bob.packets, PATIENCE).toBe(before + 1);
      bob.isSilent = false;
      expect(await pay(ports[1] ?? 0, 300n)).toMatchObject({ type: PacketType.reject });
      first.process.kill('SIGKILL');
      await lost;
      const again = (): Promise<number> => pay(ports[1] ?? 0, 300n).then((it) => fulfilled([it]));
      await expect.poll(again, PATIENCE).toBe(1);
      // 200 by the dead one and 300 by this one: nothing is lost, and the limit holds.
      expect(await pay(ports[1] ?? 0, 1n)).toMatchObject({ type: PacketType.reject });

      second.process.kill('SIGTERM');
      const { code, stdout, stderr } = await second.finished;
      expect({ code, hasPassword: (stdout + stderr).includes('hunter2') }).toEqual({
        code: 0,
        hasPassword: false,
      });
    } finally {
      for (const command of commands) command.process.kill('SIGKILL');
      await Promise.all(commands.map(({ finished }) => finished));
    }
  });

  it('refuse to start with a wrong password', async () => {
    const config = shared({}) as { store: object };
    const store = { ...config.store, password: 'hunter3' };
    await expect(startNode({ ...config, store })).rejects.toMatchObject({
      exitCode: ExitCode.store,
      message: expect.stringMatching(/^store: .*WRONGPASS/) as string,
    });
  });
});

describe('the store in Redis', () => {
  it('is configured as docs/scaling.md says', () => {
    const text = readFileSync(new URL('../../../docs/scaling.md', import.meta.url), 'utf8');
    const example = /```yaml\n([^]*?)```/.exec(text)?.[1] ?? '';
    const names = [...example.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);
    const env = Object.fromEntries(names.map((name) => [name, `0123456789abcdef of ${name}`]));
    expect(checkConfig(parse(example), nodeConfigSchema, 'docs/scaling.md', env)).toMatchObject({
      store: { type: 'redis', password: env['REDIS_PASSWORD'], replicas: 1 },
    });
  });

  const url = ['redis://us:hunter2@one.example:6379', 'rediss://us:hunter2@two.example'];

  it('is named without its password', () => {
    const { store } = configOf({ store: { type: 'redis', url }, accounts: {} });
    expect(placeOfStore(store)).toBe(
      'in Redis at redis://[hidden]@one.example:6379, rediss://[hidden]@two.example, shared by all processes that use it',
    );
  });

  it('ends the start when nothing answers, without telling the password', async () => {
    const store = { type: 'redis', url: 'redis://us:hunter2@127.0.0.1:1', timeoutMs: 1000 };
    const failure = await startNode({ store, accounts: {} }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ exitCode: ExitCode.store });
    expect(String(failure)).toContain('no Redis master answers');
    expect(String(failure)).not.toContain('hunter2');
  });
});
