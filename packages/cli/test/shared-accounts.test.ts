import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_REDIS, PASSWORD, startRedis } from './redis.js';
import { ask, configOf, startNode, TOKEN } from './running-node.js';

const USD = { code: 'USD', scale: 6 };
/** On a machine that does much else. */
const PATIENCE = { timeout: 20_000 };

const folder = mkdtempSync(join(tmpdir(), 'pennyswitch-accounts-'));
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

const account = (more: object = {}): object => ({
  relation: 'peer',
  asset: USD,
  link: { type: 'http', url: 'http://127.0.0.1:1/ilp', incoming: { tokens: ['0123456789abcdef'] } },
  ...more,
});

/** What all processes of the operator are started with. */
function shared(accounts: object = { alice: account() }): { accounts: object } {
  return {
    ...{ address: 'test.us', http: { port: 0 }, admin: { port: 0, token: TOKEN }, drainMs: 0 },
    ...{
      store: {
        ...{ type: 'redis', url: redis.url, password: PASSWORD, prefix: `{${++prefixes}}` },
        timeoutMs: 20_000,
      },
    },
    accounts,
  };
}

/** What a node knows of an account; undefined where it has none. */
function settings({ connector }: Node, id: string): object | undefined {
  const isThere = connector.accounts().some((each) => each.id === id);
  return isThere ? connector.accountSettings(id) : undefined;
}

async function two(config: object): Promise<[Node, Node]> {
  return [(await startNode(config)).node, (await startNode(config)).node];
}

const bob = account({
  id: 'bob',
  limits: { maximumBalance: '700' },
  link: { type: 'http', url: 'http://127.0.0.1:1/ilp', incoming: { tokens: ['fedcba9876543210'] } },
});

describe.skipIf(NO_REDIS !== undefined)(
  `accounts of nodes that share a store ${NO_REDIS ?? ''}`,
  () => {
    it('are in all of them when one is asked to add, change or remove one', async () => {
      const [first, second] = await two(shared());
      expect((await ask(first, '/accounts', { method: 'POST', body: bob })).status).toBe(201);
      await expect
        .poll(() => settings(second, 'bob'), PATIENCE)
        .toMatchObject({
          limits: { maximumBalance: 700n },
        });
      expect(await ask(second, '/accounts', { method: 'POST', body: bob })).toMatchObject({
        status: 409,
        body: { error: { code: 'DUPLICATE_ACCOUNT' } },
      });

      const limits = { limits: { maximumBalance: '5' } };
      await ask(second, '/accounts/bob', { method: 'PATCH', body: limits });
      await ask(second, '/accounts/alice', { method: 'PATCH', body: limits });
      for (const id of ['bob', 'alice']) {
        await expect
          .poll(() => settings(first, id), PATIENCE)
          .toMatchObject({
            limits: { maximumBalance: 5n },
          });
      }

      for (const id of ['bob', 'alice']) {
        expect((await ask(first, `/accounts/${id}`, { method: 'DELETE' })).status).toBe(204);
        await expect.poll(() => settings(second, id), PATIENCE).toBeUndefined();
        expect((await ask(second, `/accounts/${id}`, { method: 'DELETE' })).status).toBe(404);
      }
    });

    it('are there again after a restart, as requests left them', async () => {
      const config = shared({
        alice: account(),
        carol: account({ link: { type: 'http', url: 'http://127.0.0.1:1/ilp' } }),
      });
      const { node } = await startNode(config);
      await ask(node, '/accounts', { method: 'POST', body: bob });
      await ask(node, '/accounts/alice', {
        method: 'PATCH',
        body: { limits: { maximumBalance: '5' } },
      });
      await ask(node, '/accounts/carol', { method: 'DELETE' });
      await node.stop(0);
      const { node: again } = await startNode(config);
      expect(
        again.connector
          .accounts()
          .map(({ id }) => id)
          .sort(),
      ).toEqual(['alice', 'bob']);
      expect(settings(again, 'alice')).toMatchObject({ limits: { maximumBalance: 5n } });
      expect(settings(again, 'bob')).toMatchObject({ limits: { maximumBalance: 700n } });
    });

    it('are again as the configuration file says once that says something else', async () => {
      const config = shared();
      const [first, second] = await two(config);
      await ask(first, '/accounts/alice', {
        method: 'PATCH',
        body: { limits: { maximumBalance: '5' } },
      });
      await expect.poll(() => settings(second, 'alice'), PATIENCE).toHaveProperty('limits');
      // Read again with nothing new in it, the file takes nothing back.
      await second.reload(configOf(config));
      expect(settings(second, 'alice')).toHaveProperty('limits');

      const edited = configOf({
        ...config,
        accounts: { alice: account({ staticRoutes: ['test.a'] }) },
      });
      const { done } = await second.reload(edited);
      expect(done).toEqual(['account alice changed']);
      expect(settings(second, 'alice')).toMatchObject({ staticRoutes: ['test.a'] });
      expect(settings(second, 'alice')).not.toHaveProperty('limits');
      // A process that has not read the edited file yet has what it had.
      expect(settings(first, 'alice')).toHaveProperty('limits');
    });

    it('of one id are added once when two processes are asked at the same time', async () => {
      const nodes = await two(shared());
      const replies = await Promise.all(
        nodes.map((node, i) =>
          ask(node, '/accounts', { method: 'POST', body: { ...bob, staticRoutes: [`test.${i}`] } }),
        ),
      );
      expect(replies.map(({ status }) => status).sort()).toEqual([201, 409]);
      const staticRoutes = [`test.${replies.findIndex(({ status }) => status === 201)}`];
      for (const node of nodes) {
        await expect.poll(() => settings(node, 'bob'), PATIENCE).toMatchObject({ staticRoutes });
      }
    });
  },
);

describe('an account that a request adds', () => {
  it('leaves nothing behind where it cannot be, and can be added when it can', async () => {
    const { node } = await startNode({
      ...{ address: 'test.us', btp: { port: 0 }, admin: { port: 0, token: TOKEN } },
      accounts: {},
    });
    const listening = { type: 'btp', listen: true, token: 'aaaaaaaaaaaaaaaa' };
    const add = (body: object): ReturnType<typeof ask> =>
      ask(node, '/accounts', { method: 'POST', body });
    const bad = { id: 'x', relation: 'child', link: listening };
    expect(await add(bad)).toMatchObject({
      status: 400,
      body: { error: { code: 'BAD_SETTING', message: 'account x needs an asset' } },
    });
    expect((await add({ ...bad, id: 'y', asset: USD })).status).toBe(201);
  });
});
