import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PacketType } from '@pennyswitch/ilp-packet';
import { afterAll, describe, expect, it } from 'vitest';
import { makeCertificates } from '../src/wallet/certificates.js';
import { ExitCode } from '../src/exit-codes.js';
import { startupText } from '../src/node/startup-text.js';
import { start } from './commands.js';
import { ask, configOf, linked, send, startNode, TOKEN } from './running-node.js';

const USD = { code: 'USD', scale: 6 };
const EUR = { code: 'EUR', scale: 6 };
const TOKEN_A = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
const TOKEN_B = 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb';
const HOST = '127.0.0.1';

const folder = mkdtempSync(join(tmpdir(), 'pennyswitch-node-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const btpChild = (token: string): object => ({
  relation: 'child',
  asset: USD,
  link: { type: 'btp', listen: true, token },
});

const server = {
  address: 'test.b',
  btp: { port: 0 },
  admin: { port: 0, token: TOKEN },
  rates: { pairs: { 'USD/EUR': '0.5' } },
  accounts: { alice: btpChild(TOKEN_A) },
};

/** A wallet that connects to a node over BTP. */
const walletOf = (port: number, token: string): object => ({
  accounts: {
    up: { relation: 'parent', link: { type: 'btp', url: `btp+ws://${HOST}:${port}`, token } },
  },
});

describe('a node', () => {
  it.each(['synchronous', 'asynchronous'])('pays another over HTTP, %s', async (exchange) => {
    const account = (ours: string, theirs: string): object => ({
      relation: 'peer',
      asset: USD,
      staticRoutes: ['test'],
      link: {
        type: 'http',
        url: `http://${HOST}:1/ilp`,
        token: theirs,
        incoming: { tokens: [ours] },
        exchange,
        ...(exchange === 'asynchronous' && { callbackUrl: `http://${HOST}:1/ilp/callback` }),
      },
    });
    const http = { port: 0 };
    const a = await startNode({
      address: 'test.a',
      http,
      accounts: { b: account(TOKEN_A, TOKEN_B) },
    });
    const b = await startNode({
      address: 'test.b',
      http,
      accounts: { a: account(TOKEN_B, TOKEN_A) },
    });
    // Both ports are known only now.
    const urls = [a, b].map(({ node }) => `http://${HOST}:${node.listeners.http?.port ?? 0}/ilp`);
    const withUrls = (ours: number, config: object): object =>
      JSON.parse(
        JSON.stringify(config)
          .replace(`http://${HOST}:1/ilp/callback`, `${urls[ours]}/callback`)
          .replace(`http://${HOST}:1/ilp`, urls[1 - ours] ?? ''),
      ) as object;
    await a.node.reload(
      configOf({
        address: 'test.a',
        http,
        accounts: { b: withUrls(0, account(TOKEN_A, TOKEN_B)) },
      }),
    );
    await b.node.reload(
      configOf({
        address: 'test.b',
        http,
        accounts: { a: withUrls(1, account(TOKEN_B, TOKEN_A)) },
      }),
    );
    expect(await send(a.node, 'test.b.x')).toMatchObject({ type: PacketType.fulfill });
    expect(await send(b.node, 'test.a.x', 30n)).toMatchObject({ type: PacketType.fulfill });
    expect(await a.node.connector.balance('b')).toMatchObject({ net: -70n });
    expect(await b.node.connector.balance('a')).toMatchObject({ net: 70n });
  });

  it('takes an account by its admin API, with a link that works at once, and lets it go', async () => {
    const { node } = await startNode(server);
    const carol = { id: 'carol', ...btpChild(TOKEN_B) };
    expect((await ask(node, '/accounts', { method: 'POST', body: carol })).status).toBe(201);
    const { node: wallet } = await startNode(walletOf(node.listeners.btp?.port ?? 0, TOKEN_B));
    expect(await wallet.connector.whenAddressed({ timeoutMs: 30_000 })).toBe('test.b.carol');
    expect(await send(node, 'test.b.carol')).toMatchObject({ type: PacketType.fulfill });
    expect((await ask(node, '/accounts/carol', { method: 'DELETE' })).status).toBe(204);
    expect((await ask(node, '/accounts/carol')).status).toBe(404);
    expect(wallet.connector.account('up').connected).toBe(false);
    const again = await ask(node, '/accounts', { method: 'POST', body: carol });
    expect(again).toMatchObject({ status: 201, body: { id: 'carol' } });
  });

  it('says by its admin API why a link cannot be', async () => {
    const { node } = await startNode({ ...server, btp: undefined, accounts: {} });
    const body = { id: 'carol', ...btpChild(TOKEN_B) };
    expect(await ask(node, '/accounts', { method: 'POST', body })).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('has no btp: { host, port }') } },
    });
  });

  it('takes rates from an HTTP source that wants a token, with a spread for each pair', async () => {
    const source = createServer((request, response) => {
      response.statusCode = request.headers.authorization === 'Bearer let me in' ? 200 : 401;
      response.end('{"pairs":{"USD/EUR":"0.5"}}');
    }).listen(0, HOST);
    await once(source, 'listening');
    const { port } = source.address() as AddressInfo;
    const { node } = await startNode({
      ...server,
      rates: { url: `http://${HOST}:${port}`, token: 'let me in' },
      spread: '0.1',
      spreads: { 'USD/EUR': '0.5' },
      accounts: { alice: btpChild(TOKEN_A), bob: { ...btpChild(TOKEN_B), asset: EUR } },
    });
    await expect
      .poll(async () => (await ask(node, '/rates')).body, { timeout: 30_000 })
      .toMatchObject({
        rates: [
          { from: 'USD', to: 'EUR', rate: '0.5', net: '0.25' },
          { from: 'EUR', to: 'USD', rate: '2', net: '1.8' },
        ],
      });
    source.close();
  });

  it('writes one line for each packet at the level debug, under the same trace id as its peer', async () => {
    const a = await startNode({ ...server, logLevel: 'debug' });
    const b = await startNode({
      ...walletOf(a.node.listeners.btp?.port ?? 0, TOKEN_A),
      logLevel: 'debug',
    });
    await b.node.connector.whenAddressed({ timeoutMs: 30_000 });
    await send(b.node, 'test.b.x');
    const traces = [a, b].map(({ log }) =>
      log
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ msg, destination }) => msg === 'a packet' && destination === 'test.b.x'),
    );
    expect(traces[0]).toMatchObject([{ from: 'alice', amount: '100', result: 'fulfilled' }]);
    expect(traces[1]).toMatchObject([{ to: 'up', trace: traces[0]?.[0]?.['trace'] }]);
  });
});

describe('what a person is told when a node is up', () => {
  it('is where it listens, where its balances are, whom it knows and whom it trusts with any amount', async () => {
    const document = {
      ...server,
      store: { type: 'level', path: join(folder, 'told') },
      accounts: {
        alice: btpChild(TOKEN_A),
        bob: { ...btpChild(TOKEN_B), limits: { maximumBalance: 5 } },
      },
    };
    const { node } = await startNode(document);
    const { btp, admin } = node.listeners;
    expect(startupText(node, configOf(document)).split('\n')).toEqual([
      'The node is up. Address: test.b',
      `  BTP: ${HOST}:${btp?.port}`,
      `  admin API: ${HOST}:${admin?.port}`,
      `  balances: on disk in ${join(folder, 'told')}`,
      '  account alice: child, USD, scale 6',
      '  account bob: child, USD, scale 6',
      '  without limits.maximumBalance, and so trusted with any amount: alice',
      'Ctrl-C stops it in order; SIGHUP makes it read its configuration again.',
    ]);
  });

  it('is that a wallet waits for its parent, and forgets its balances', async () => {
    const document = { ...walletOf(1, TOKEN_A), store: { type: 'memory' } };
    const { node } = await startNode(document);
    expect(startupText(node, configOf(document)).split('\n')).toEqual([
      'The node is up. Address: none yet, it comes from the parent',
      '  balances: in memory: they end with this process',
      '  account up: parent, asset comes from it',
      'Ctrl-C stops it in order; SIGHUP makes it read its configuration again.',
    ]);
  });
});

describe('a configuration that is read again', () => {
  it('changes accounts in place, adds, replaces and removes them, and leaves those that a request added', async () => {
    const { node } = await startNode({
      ...server,
      accounts: { alice: btpChild(TOKEN_A), bob: btpChild(TOKEN_B), eve: btpChild(`${TOKEN_B}e`) },
    });
    const body = { id: 'added', ...btpChild(`${TOKEN_A}x`) };
    await ask(node, '/accounts', { method: 'POST', body });
    const report = await node.reload(
      configOf({
        ...server,
        accounts: {
          alice: { ...btpChild(TOKEN_A), limits: { maxPacketAmount: '10' } },
          bob: { ...btpChild(TOKEN_B), relation: 'peer' },
          carol: btpChild(`${TOKEN_A}c`),
        },
      }),
    );
    expect(report).toEqual({
      done: [
        'account eve removed; its book stays',
        'account alice changed',
        'account bob drained and replaced; its book stays',
        'account carol added',
      ],
      needsRestart: [],
      failed: [],
    });
    expect(
      node.connector
        .accounts()
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(['added', 'alice', 'bob', 'carol']);
    expect(node.connector.account('alice').limits).toEqual({ maxPacketAmount: 10n });
    expect(node.connector.account('bob').relation).toBe('peer');
  });

  it('changes the token of a peer without cutting its link', async () => {
    const { node } = await startNode(server);
    const port = node.listeners.btp?.port ?? 0;
    const { node: wallet } = await startNode(walletOf(port, TOKEN_A));
    await linked(node, 'alice');
    const next = { ...server, accounts: { alice: btpChild(TOKEN_B) } };
    expect(await node.reload(configOf(next))).toMatchObject({
      done: ['account alice has other tokens for its peer'],
    });
    expect(node.connector.account('alice').connected).toBe(true);
    await wallet.stop(0);
    const { node: other } = await startNode(walletOf(port, TOKEN_B));
    expect(await other.connector.whenAddressed({ timeoutMs: 30_000 })).toBe('test.b.alice');
  });

  it('changes rates, spreads, tokens and the log level at once', async () => {
    const { node, logger } = await startNode({
      ...server,
      accounts: { alice: btpChild(TOKEN_A), bob: { ...btpChild(TOKEN_B), asset: EUR } },
    });
    const report = await node.reload(
      configOf({
        ...server,
        admin: { port: 0, token: 'another-0123456789' },
        rates: { pairs: { 'USD/EUR': '0.8' } },
        spreads: { 'USD/EUR': '0.5' },
        logLevel: 'error',
        accounts: { alice: btpChild(TOKEN_A), bob: { ...btpChild(TOKEN_B), asset: EUR } },
      }),
    );
    expect(report).toEqual({
      done: ['log level', 'rates and spreads', 'tokens of admin'],
      needsRestart: [],
      failed: [],
    });
    expect(logger.level).toBe('error');
    expect((await ask(node, '/rates')).status).toBe(401);
    expect(await ask(node, '/rates', { token: 'another-0123456789' })).toMatchObject({
      body: {
        rates: expect.arrayContaining([expect.objectContaining({ rate: '0.8', net: '0.4' })]),
      },
    });
  });

  it('names what needs a restart, and keeps that as it is', async () => {
    const { node } = await startNode(server);
    const next = {
      ...server,
      address: 'test.other',
      btp: { port: 1 },
      forwarding: { maxAttempts: 3 },
      settlementApi: { port: 0, token: TOKEN },
    };
    expect(await node.reload(configOf(next))).toEqual({
      done: [],
      needsRestart: ['address', 'forwarding', 'btp.port', 'settlementApi'],
      failed: [],
    });
    expect(node.connector.address).toBe('test.b');
  });

  it('does what it can where one account cannot be', async () => {
    const { node } = await startNode(server);
    const next = {
      ...server,
      accounts: {
        alice: { ...btpChild(TOKEN_A), asset: EUR },
        carol: {
          ...btpChild(TOKEN_B),
          link: { type: 'http', url: 'http://x.example', ca: join(folder, 'missing.pem') },
        },
        dave: btpChild(TOKEN_B),
      },
    };
    const { done, failed } = await node.reload(configOf(next));
    expect(done).toEqual(['account dave added']);
    expect(failed).toEqual([
      expect.stringContaining('account alice: the book of account alice counts USD'),
      expect.stringContaining('account carol: cannot read'),
    ]);
    // It is as it was: its peer can come back.
    expect(node.connector.account('alice').asset).toEqual(USD);
    const { node: wallet } = await startNode(walletOf(node.listeners.btp?.port ?? 0, TOKEN_A));
    expect(await wallet.connector.whenAddressed({ timeoutMs: 30_000 })).toBe('test.b.alice');
  });

  it('reads certificates again', async () => {
    const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    const write = async (name: string): Promise<void> => {
      const { certificate, privateKey } = await makeCertificates(name);
      writeFileSync(tls.cert, certificate);
      writeFileSync(tls.key, privateKey);
    };
    await write('one.example');
    const config = { ...server, btp: { port: 0, tls }, http: { port: 0, tls } };
    const { node } = await startNode(config);
    await write('two.example');
    expect(await node.reload(configOf(config))).toMatchObject({
      done: ['certificates read again'],
    });
    rmSync(tls.key);
    expect(await node.reload(configOf(config))).toMatchObject({
      failed: [expect.stringContaining('certificates read again: cannot read')],
    });
  });
});

describe('pennyswitch node', () => {
  it('reads its file again at SIGHUP, keeps what was where the file is wrong, and drains at SIGTERM', async () => {
    const file = join(folder, 'node.json');
    writeFileSync(file, JSON.stringify(server));
    const command = start(['node', '--config', file, '--json'], {});
    await command.printed('"event":"ready"');
    writeFileSync(file, JSON.stringify({ ...server, spread: '0.1' }));
    command.process.kill('SIGHUP');
    expect(await command.printed('"event":"reloaded"')).toContain('rates and spreads');
    writeFileSync(file, '{ "accounts": 1 }');
    command.process.kill('SIGHUP');
    expect(await command.printed('"event":"reload-failed"')).toContain('accounts');
    command.process.kill('SIGTERM');
    expect(await command.finished).toMatchObject({ code: 0 });
  });

  it('keeps balances on disk beside its configuration, and refuses a second process on them', async () => {
    const file = join(folder, 'durable.json');
    const account = { ...btpChild(TOKEN_A), relation: 'peer', staticRoutes: ['test'] };
    writeFileSync(file, JSON.stringify({ ...server, accounts: { alice: account } }));
    const command = start(['node', '--config', file, '--json'], {});
    await command.printed('"event":"ready"');
    const second = await start(['node', '--config', file], {}).finished;
    expect(second).toMatchObject({ code: ExitCode.configuration });
    expect(second.stderr).toContain(join(folder, 'durable.data'));
    command.process.kill('SIGTERM');
    expect(await command.finished).toMatchObject({ code: 0 });
    expect(existsSync(join(folder, 'durable.data'))).toBe(true);
  });

  it('has the balances of its run before', async () => {
    const store = { type: 'level', path: join(folder, 'ledger') };
    const pay = async (): Promise<bigint> => {
      const { node } = await startNode({ ...server, store });
      const { node: wallet } = await startNode(walletOf(node.listeners.btp?.port ?? 0, TOKEN_A));
      await wallet.connector.whenAddressed({ timeoutMs: 30_000 });
      expect(await send(wallet, 'test.b.x')).toMatchObject({ type: PacketType.fulfill });
      const { receivable } = await node.connector.balance('alice');
      expect(await ask(node, '/status')).toMatchObject({ status: 200 });
      await wallet.stop(0);
      await node.stop(0);
      return receivable;
    };
    expect(await pay()).toBe(100n);
    expect(await pay()).toBe(200n);
  });
});
