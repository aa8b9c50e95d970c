import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { MemoryTotalsStore, StreamReceiver } from '@pennyswitch/stream';
import { seededRandom, TinyConnector, VirtualClock } from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';
import {
  createReceiptVerifier,
  createSpspHandler,
  MemoryJournal,
  pay,
  ReceiptBook,
  SpspClient,
  type Journal,
  type SpspQuery,
} from '../src/index.js';

const USD = { code: 'USD', scale: 2 };

/** A receiver at $wallet.example/bob, a verifier at $verify.example before it, and a payer who knows the latter. */
async function world(journal: Journal = new MemoryJournal(), clock = new VirtualClock()) {
  const randomBytes = seededRandom(5).bytes;
  const receiver = new StreamReceiver({
    secret: new Uint8Array(32).fill(1),
    address: () => parseIlpAddress('test.wallet'),
    asset: USD,
    totals: new MemoryTotalsStore({ clock }),
    clock,
    randomBytes,
  });
  const queries: SpspQuery[] = [];
  const wallet = createSpspHandler({
    answer: (query) => {
      queries.push(query);
      if (query.path === '/deaf') return { credentials: receiver.createCredentials({}) };
      if (query.path === '/paid') return { gone: 'The invoice is paid' };
      if (query.path !== '/bob' || query.receipts === undefined) return undefined;
      const credentials = receiver.createCredentials({ receipts: query.receipts });
      return { credentials, receiptsEnabled: true };
    },
  });
  const book = await ReceiptBook.open({ journal, clock });
  const verify = createReceiptVerifier({
    secret: new Uint8Array(32).fill(2),
    book,
    receiverOf: (path) => (path === '/none' ? undefined : `$wallet.example${path}`),
    client: new SpspClient({ fetch: (url, init) => wallet(new Request(url, init)), clock }),
    spendToken: 'open sesame',
    clock,
    randomBytes,
  });
  const connector = new TinyConnector({ next: receiver.handle, clock });
  const client = new SpspClient({ fetch: (url, init) => verify(new Request(url, init)), clock });
  const post = async (path: string, body: string, token?: string) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const request = new Request(`https://verify.example${path}`, { method: 'POST', body, headers });
    const response = await verify(request);
    return [response.status, await response.json()] as [number, Record<string, unknown>];
  };
  return {
    clock,
    queries,
    book,
    post,
    request: (path: string, init: RequestInit) =>
      verify(new Request(`https://verify.example${path}`, init)),
    get: (path: string, headers: Record<string, string> = {}) =>
      verify(new Request(`https://verify.example${path}`, { headers })),
    pay: async (send: string): Promise<string> => {
      const payment = pay({
        pointer: '$verify.example/bob',
        amount: { send },
        ...{ send: connector.handle, source: { asset: USD }, client, clock, randomBytes },
      });
      const { receipt } = await clock.runUntil(payment);
      return Buffer.from(receipt ?? []).toString('base64');
    },
    restart: () => world(journal, clock),
  };
}

describe('the receipt verifier (RFC 0039 "SPSP")', () => {
  it('passes the query on with both headers, and the answer back', async () => {
    const w = await world();
    const response = await w.get('/bob', { accept: 'application/spsp4+json' });
    expect(response.headers.get('content-type')).toBe('application/spsp4+json');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.json()).toMatchObject({ receipts_enabled: true });
    expect(w.queries[0]?.receipts?.nonce).toHaveLength(16);
    expect(w.queries[0]?.receipts?.secret).toHaveLength(32);
    const id = '0f6f8a9e-7d29-4bd9-8f0b-0a3c6b6b7c11';
    await w.get('/bob', { 'web-monetization-id': id });
    expect(w.queries[1]?.receipts).not.toEqual(w.queries[0]?.receipts);
    expect(w.queries[1]?.header('web-monetization-id')).toBe(id);
    const head = await w.request('/bob', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('answers 409 where the receiver does not enable receipts', async () => {
    const response = await (await world()).get('/deaf');
    expect([response.status, await response.json()]).toEqual([
      409,
      { id: 'ReceiptsNotEnabledError', message: 'The receiver gives no receipts' },
    ]);
  });

  it('says what the receiver says of pointers that nobody has or that are paid', async () => {
    const w = await world();
    expect((await w.get('/eve')).status).toBe(404);
    expect((await w.get('/none')).status).toBe(404);
    expect((await w.get('/paid')).status).toBe(410);
    expect((await w.get('/bob', { accept: 'text/html' })).status).toBe(406);
    expect((await w.post('/bob', ''))[0]).toBe(405);
  });

  it('credits a receipt once, and of a better one the difference', async () => {
    const w = await world();
    const receipt = await w.pay('5');
    expect(await w.post('/receipts', receipt)).toEqual([
      200,
      { credited: '500', totalReceived: '500', streamId: 1 },
    ]);
    expect((await w.post('/receipts', receipt))[1]).toMatchObject({ credited: '0' });
  });

  it('refuses receipts that are forged, malformed or stale', async () => {
    const w = await world();
    const receipt = await w.pay('5');
    const forged = Buffer.from(receipt, 'base64');
    forged[25] = (forged[25] ?? 0) ^ 1;
    for (const text of [forged.toString('base64'), '', '!', 'AAAA', 'x'.repeat(10_000)]) {
      expect(await w.post('/receipts', text)).toMatchObject([400, { id: 'InvalidReceiptError' }]);
    }
    let pulled = 0;
    const endless = new ReadableStream({
      pull: (controller) => {
        pulled += 1;
        controller.enqueue(new Uint8Array(1_000).fill(65));
      },
    });
    const init = { method: 'POST', body: endless, duplex: 'half' };
    expect((await w.request('/receipts', init)).status).toBe(400);
    expect(pulled).toBeLessThan(20);
    await w.clock.advance(3_600_000);
    expect(await w.post('/receipts', receipt)).toMatchObject([400, { message: 'It is too old' }]);
  });

  it('keeps balances that only the holder of the token spends from', async () => {
    const w = await world();
    const receipt = await w.pay('5');
    expect(await w.post('/balances/ann/receipts', receipt)).toMatchObject([
      200,
      { balance: '500' },
    ]);
    // Neither to another balance nor to none is it credited again.
    expect(await w.post('/balances/joe/receipts', receipt)).toMatchObject([200, { credited: '0' }]);
    for (const token of [undefined, 'open sesam', 'open sesame!']) {
      expect((await w.post('/balances/ann/spend', '{"amount":"1"}', token))[0]).toBe(401);
    }
    const spend = (amount: string) => w.post('/balances/ann/spend', amount, 'open sesame');
    expect(await spend('{"amount":"120"}')).toEqual([200, { balance: '380' }]);
    expect((await spend('{"amount":"381"}'))[0]).toBe(409);
    for (const body of ['', '{}', '{"amount":1}', '{"amount":"-1"}', '{"amount":"0"}', 'null']) {
      expect((await spend(body))[0]).toBe(400);
    }
    expect(await (await w.get('/balances/ann')).json()).toEqual({ balance: '380' });
  });

  it('forgets nothing when it is started again', async () => {
    const before = await world();
    const receipt = await before.pay('5');
    await before.post('/balances/ann/receipts', receipt);
    await before.post('/balances/ann/spend', '{"amount":"20"}', 'open sesame');
    const after = await before.restart();
    expect(after.book.balance('ann')).toBe(480n);
    expect((await after.post('/receipts', receipt))[1]).toMatchObject({ credited: '0' });
  });

  it('keeps its journal short, and of stale receipts nothing', async () => {
    const clock = new VirtualClock();
    const journal = new MemoryJournal();
    const book = await ReceiptBook.open({ journal, clock });
    const store = book.storeFor('ann');
    for (let i = 0; i < 10_500; i++) {
      if (i === 9_000) await clock.advance(10);
      await store.raise(`stream${i}`, 1n, i < 9_000 ? clock.now() + 5 : Infinity);
    }
    expect((await journal.read()).length).toBeLessThan(2_000);
    expect((await ReceiptBook.open({ journal, clock })).balance('ann')).toBe(10_500n);
  });
});
