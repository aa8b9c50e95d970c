import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PacketType } from '@pennyswitch/ilp-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_REDIS, PASSWORD, startRedis } from './redis.js';
import { send, startNode } from './running-node.js';

const TOKEN = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
const peer = { relation: 'peer', asset: { code: 'USD', scale: 6 } };
/** On a machine that does much else. */
const PATIENCE = { timeout: 30_000 };

const folder = mkdtempSync(join(tmpdir(), 'pennyswitch-links-'));
let redis: Awaited<ReturnType<typeof startRedis>>;
let prefixes = 0;

beforeAll(async () => {
  if (NO_REDIS === undefined) redis = await startRedis(folder);
});

afterAll(async () => {
  if (NO_REDIS === undefined) await redis.stop();
  rmSync(folder, { recursive: true });
});

type Node = Awaited<ReturnType<typeof startNode>>['node'];

/** Two processes of one node; the first one leads. */
async function two(link: object): Promise<[Node, Node]> {
  const config = {
    ...{ address: 'test.us', btp: { port: 0 }, drainMs: 0 },
    ...{
      store: {
        ...{ type: 'redis', url: redis.url, password: PASSWORD, prefix: `{${++prefixes}}` },
        ...{ timeoutMs: 20_000, lifetimeMs: 1_000 },
      },
    },
    accounts: { x: { ...peer, link } },
  };
  return [(await startNode(config)).node, (await startNode(config)).node];
}

/** A peer of the node, that knows nothing of its processes. */
async function theirPeer(link: object): Promise<Node> {
  const document = { address: 'test.x', btp: { port: 0 }, accounts: { us: { ...peer, link } } };
  return (await startNode(document)).node;
}

const listening = { type: 'btp', listen: true, token: TOKEN };
const connecting = ({ listeners }: Node): object => ({
  ...{ type: 'btp', token: TOKEN },
  url: `btp+ws://127.0.0.1:${listeners.btp?.port ?? 0}`,
});

const isFulfilled = async (node: Node, destination: string): Promise<boolean> =>
  (await send(node, destination)).type === PacketType.fulfill;

const knows = ({ connector }: Node, prefix: string): boolean =>
  connector.routes().some((route) => route.prefix === prefix && route.nextHop !== undefined);

describe.skipIf(NO_REDIS !== undefined)(
  `BTP links of nodes that share a store ${NO_REDIS ?? ''}`,
  () => {
    it('carry the packets and routes of all of them, whichever the peer is connected to', async () => {
      const [leader, other] = await two(listening);
      const x = await theirPeer(connecting(other));
      await expect.poll(() => knows(x, 'test.us'), PATIENCE).toBe(true);
      for (const node of [leader, other]) {
        await expect.poll(() => knows(node, 'test.x'), PATIENCE).toBe(true);
        expect(node.connector.account('x').connected).toBe(true);
        expect(await isFulfilled(node, 'test.x.bob')).toBe(true);
      }
      expect(await isFulfilled(x, 'test.us.alice')).toBe(true);
      for (const { connector } of [leader, other]) {
        expect(await connector.balance('x')).toMatchObject({
          receivable: 100n,
          payable: 200n,
        });
      }
      await x.stop(0);
      for (const { connector } of [leader, other]) {
        await expect.poll(() => connector.account('x').connected, PATIENCE).toBe(false);
      }
    });

    it('are made by the one that leads, and by the next one when it stops', async () => {
      const x = await theirPeer(listening);
      const [leader, other] = await two(connecting(x));
      for (const node of [leader, other]) {
        await expect.poll(() => knows(node, 'test.x'), PATIENCE).toBe(true);
        expect(await isFulfilled(node, 'test.x.bob')).toBe(true);
      }
      await leader.stop(0);
      const again = (): Promise<boolean> => isFulfilled(other, 'test.x.bob');
      await expect.poll(again, PATIENCE).toBe(true);
      await expect.poll(() => isFulfilled(x, 'test.us.alice'), PATIENCE).toBe(true);
    });
  },
);
