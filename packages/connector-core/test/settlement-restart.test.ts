import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { afterAll, describe, expect, it } from 'vitest';
import { Connector, MemoryLink } from '../src/index.js';
import { createSettlementApi } from '../src/settlement-api/index.js';
import { LevelLedgerStore } from '../src/stores/level/index.js';

const root = await mkdtemp(join(tmpdir(), 'pennyswitch-settlement-'));
afterAll(() => rm(root, { recursive: true }));

interface Request {
  readonly path: string;
  readonly key: string | null;
  readonly body: unknown;
}

/** One run of a node on the store in a folder. Its engine answers settlements with a status. */
async function run<T>(
  path: string,
  settlementStatus: number,
  work: (connector: Connector) => Promise<T>,
): Promise<{ result: T; settlements: Request[] }> {
  const settlements: Request[] = [];
  let heard: () => void = () => undefined;
  const store = await LevelLedgerStore.open({ path });
  const connector = new Connector({
    address: parseIlpAddress('test.b'),
    store,
    fetch: (url, { headers, body }) => {
      const status = url.endsWith('/settlements') ? settlementStatus : 201;
      if (url.endsWith('/settlements')) {
        const key = new Headers(headers).get('idempotency-key');
        settlements.push({ path: new URL(url).pathname, key, body });
        heard();
      }
      return Promise.resolve(new Response(null, { status }));
    },
  });
  const told = new Promise<void>((resolve) => (heard = resolve));
  const [near] = MemoryLink.pair();
  await connector.addAccount(
    {
      id: 'bob',
      relation: 'peer',
      asset: { code: 'EUR', scale: 6 },
      settlement: { engineUrl: 'http://engine.example' },
    },
    near,
  );
  await connector.start();
  try {
    const result = await work(connector);
    if ((await connector.settlement.outbox()).length > 0) await told;
    return { result, settlements };
  } finally {
    await connector.stop();
    await store.close();
  }
}

describe('with the store on disk, over restarts', () => {
  it('a settlement is told under one Idempotency-Key until it is acknowledged (RFC 0038 "Retry behavior")', async () => {
    const path = join(root, 'outbox');
    const first = await run(path, 503, (connector) => connector.settlement.settle('bob', 500n));
    const { key } = first.result;
    expect(first.settlements).toEqual([
      { path: '/accounts/bob/settlements', key, body: '{"amount":"500","scale":6}' },
    ]);
    const acknowledged = (connector: Connector): Promise<void> =>
      new Promise((resolve) => {
        connector.on('settlementAcknowledged', () => {
          resolve();
        });
      });
    const second = await run(path, 201, acknowledged);
    expect(second.settlements).toEqual(first.settlements);
    const third = await run(path, 201, (connector) => connector.balance('bob'));
    expect(third.settlements).toEqual([]);
    expect(third.result).toMatchObject({ payable: -500n, settledOutgoing: 500n });
  });

  it('a credit counts once per Idempotency-Key, with the same answer, and its leftover is kept (RFC 0038 "Idempotence")', async () => {
    const path = join(root, 'credits');
    const credit = (key: string) => async (connector: Connector) => {
      const response = await createSettlementApi(connector).request('/accounts/bob/settlements', {
        method: 'POST',
        body: '{"amount":"15","scale":7}',
        headers: { 'idempotency-key': key },
      });
      const { settledIncoming } = await connector.balance('bob');
      return [response.status, await response.text(), settledIncoming];
    };
    const answer = '{"amount":"15","scale":7}';
    expect((await run(path, 201, credit('one'))).result).toEqual([201, answer, 1n]);
    expect((await run(path, 201, credit('one'))).result).toEqual([201, answer, 1n]);
    expect((await run(path, 201, credit('two'))).result).toEqual([201, answer, 3n]);
  });
});
