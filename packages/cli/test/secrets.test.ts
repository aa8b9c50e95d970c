import { PacketType } from '@pennyswitch/ilp-packet';
import { BtpClient } from '@pennyswitch/btp';
import { describe, expect, it } from 'vitest';
import { ask, configOf, send, startNode } from './running-node.js';

const USD = { code: 'USD', scale: 6 };

/** A secret for each place where a configuration has one; none is like another. */
const SECRETS = {
  admin: 'hunter2-admin-0123456789',
  settlementApi: 'hunter2-settlement-api-0123',
  btp: 'hunter2-btp-token-0123456789',
  btpNext: 'hunter2-btp-next-0123456789',
  uplink: 'hunter2-uplink-0123456789',
  httpOut: 'hunter2-http-out-0123456789',
  httpIn: 'hunter2-http-in-0123456789',
  jwtOut: 'hunter2-jwt-out-0123456789-0123456789',
  jwtIn: 'hunter2-jwt-in-0123456789-0123456789',
  engine: 'hunter2-engine-0123456789',
  rates: 'hunter2-rates-0123456789',
  routing: Buffer.alloc(32, 'hunter2').toString('base64'),
  origin: Buffer.alloc(32, 'hunter3').toString('base64'),
  added: 'hunter2-added-0123456789',
  guessed: 'hunter2-guessed-0123456789',
};

const document = {
  address: 'test.b',
  logLevel: 'debug',
  btp: { port: 0 },
  http: { port: 0 },
  admin: { port: 0, token: SECRETS.admin },
  settlementApi: { port: 0, token: SECRETS.settlementApi },
  rates: { url: 'http://127.0.0.1:1', token: SECRETS.rates },
  routing: {
    secret: SECRETS.routing,
    policy: { knownOrigins: [{ prefix: 'test.far', secret: SECRETS.origin }] },
  },
  accounts: {
    alice: {
      relation: 'child',
      asset: USD,
      link: { type: 'btp', listen: true, token: SECRETS.btp },
      settlement: {
        // Nobody listens there: what goes wrong is logged.
        engine: 'http://127.0.0.1:1',
        engineToken: SECRETS.engine,
        threshold: 10,
      },
    },
    away: {
      relation: 'peer',
      asset: USD,
      link: {
        type: 'btp',
        url: `btp+ws://:${SECRETS.uplink}@127.0.0.1:1`,
      },
      staticRoutes: ['test.away'],
    },
    http: {
      relation: 'peer',
      asset: USD,
      link: {
        type: 'http',
        url: 'http://127.0.0.1:1/ilp',
        token: SECRETS.httpOut,
        incoming: { tokens: [SECRETS.httpIn], jwt: { secret: SECRETS.jwtIn, subject: 'x' } },
      },
      staticRoutes: ['test.http'],
    },
    jwt: {
      relation: 'peer',
      asset: USD,
      link: {
        type: 'http',
        url: 'http://127.0.0.1:1/ilp',
        jwt: { secret: SECRETS.jwtOut, subject: 'x' },
      },
      staticRoutes: ['test.jwt'],
    },
  },
};

describe('the secrets of a node', () => {
  it('are in no line of its log and in no answer of its APIs, whatever happens', async () => {
    const { node, log } = await startNode(document);
    const said: string[] = [];
    const hear = async (path: string, init: Parameters<typeof ask>[2] = {}): Promise<void> => {
      const { status, body } = await ask(node, path, { token: SECRETS.admin, ...init });
      said.push(`${path} ${status} ${JSON.stringify(body)}`);
    };
    // A client that shows the right token and carries packets, and one that guesses.
    const port = node.listeners.btp?.port ?? 0;
    const client = new BtpClient({ url: `btp+ws://:${SECRETS.btp}@127.0.0.1:${port}` });
    const guess = new BtpClient({ url: `btp+ws://:${SECRETS.guessed}@127.0.0.1:${port}` });
    await client.connect();
    await expect(guess.connect()).rejects.toThrow();
    client.handle('ilp', () => Promise.reject(new Error(`do not log ${SECRETS.guessed.length}`)));
    await send(node, 'test.b.alice');
    for (const name of ['away', 'http', 'jwt']) {
      const reply = await send(node, `test.${name}.x`);
      expect(reply.type).toBe(PacketType.reject);
    }
    // Requests over HTTP with a token that is none, to every port that speaks it.
    const { http, settlementApi, admin } = node.listeners;
    for (const where of [http, settlementApi, admin]) {
      for (const path of ['/ilp', '/accounts/alice/settlements', '/balances']) {
        const response = await fetch(`http://127.0.0.1:${where?.port ?? 0}${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${SECRETS.guessed}`, 'idempotency-key': 'k' },
          body: '{"amount":"1","scale":6}',
        });
        said.push(await response.text());
      }
    }
    // Every change that an operator may make, right and wrong.
    const link = { type: 'btp', listen: true, token: SECRETS.added };
    const carol = { id: 'carol', relation: 'child', asset: USD, link };
    await hear('/accounts', { method: 'POST', body: carol });
    await hear('/accounts', { method: 'POST', body: { ...carol, id: 'dave' } });
    await hear('/accounts', { method: 'POST', body: { ...carol, link: { ...link, token: 1 } } });
    await hear('/accounts', { method: 'POST', body: { ...carol, id: SECRETS.added + ' ' } });
    const settlement = { engine: 'x', engineToken: SECRETS.engine };
    await hear('/accounts/alice', { method: 'PATCH', body: { settlement } });
    await hear('/accounts/alice/settlements', { method: 'POST', body: { amount: '5' } });
    await node.reload(
      configOf({
        ...document,
        accounts: {
          ...document.accounts,
          alice: { ...document.accounts.alice, link: { ...link, token: SECRETS.btpNext } },
          away: { ...document.accounts.away, relation: 'child' },
        },
      }),
    );
    for (const path of [
      '/openapi.json',
      '/status',
      '/health',
      '/ready',
      '/accounts',
      '/accounts/alice',
      '/balances',
      '/limits',
      '/rates',
      '/routes',
      '/route-exchanges',
      '/routes/lookup?destination=test.http.x',
      '/packets',
      '/settlements',
      '/late-fulfillments',
      '/lost-packets',
    ]) {
      await hear(path);
    }
    const metrics = await fetch(`http://127.0.0.1:${admin?.port ?? 0}/metrics`, {
      headers: { authorization: `Bearer ${SECRETS.admin}` },
    });
    said.push(await metrics.text());
    await client.close();
    await node.stop(0);

    const written = [...said, ...log].join('\n');
    expect(log.length).toBeGreaterThan(10);
    expect(said.filter((line) => line.includes(' 200 ')).length).toBeGreaterThan(14);
    const told = Object.entries(SECRETS).filter(([, secret]) => written.includes(secret));
    expect(told.map(([name]) => name)).toEqual([]);
    expect(written).not.toContain('hunter2');
  }, 20_000);
});
