import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { ExitCode } from '../src/exit-codes.js';
import { run } from '../src/program.js';
import { send, startNode, TOKEN } from './running-node.js';

const folder = mkdtempSync(join(tmpdir(), 'pennyswitch-operator-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function fileOf(name: string, content: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

/** Runs a command in this process. */
async function command(
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
  const code = await run(args);
  vi.restoreAllMocks();
  return { code, stdout, stderr };
}

const child = (token: string): object => ({
  relation: 'child',
  asset: { code: 'USD', scale: 2 },
  link: { type: 'btp', listen: true, token },
});

/** A node, and the options with which commands find it. */
async function aNode(): Promise<{ options: string[]; url: string; engine: string[] }> {
  const engine: string[] = [];
  const server = createServer((request, response) => {
    engine.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.writeHead(request.url?.endsWith('/settlements') === true ? 500 : 201).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { node } = await startNode({
    address: 'test.b',
    btp: { port: 0 },
    admin: { port: 0, token: TOKEN },
    rates: { pairs: { 'USD/EUR': '0.92' } },
    spread: '0.5',
    accounts: {
      alice: { ...child('aaaaaaaaaaaaaaaa'), limits: { maximumBalance: '500' } },
      bob: {
        ...child('bbbbbbbbbbbbbbbb'),
        relation: 'peer',
        asset: { code: 'EUR', scale: 2 },
        staticRoutes: ['test.bob', 'test.rob'],
        settlement: { engine: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
      },
      other: { ...child('cccccccccccccccc'), asset: { code: 'XRP', scale: 9 } },
    },
  });
  node.connector.on('stopped', () => server.close());
  await send(node, 'test.bob.x');
  const url = `http://127.0.0.1:${node.listeners.admin?.port ?? 0}`;
  return { options: ['--admin', url, '--token-file', fileOf('token', `${TOKEN}\n`)], url, engine };
}

describe('pennyswitch account', () => {
  it('lists and shows accounts', async () => {
    const { options } = await aNode();
    expect((await command('account', 'list', ...options)).stdout).toMatchInlineSnapshot(`
      "account  relation  asset  link  owes us  in flight  address
      alice    child     USD    down     0.00          0  test.b.alice
      bob      peer      EUR    down     0.00          0
      other    child     XRP    down     0.00          0  test.b.other
      "
    `);
    expect((await command('account', 'show', 'bob', ...options)).stdout).toMatchInlineSnapshot(`
      "account     bob, peer
      link        down
      in flight   0
      it owes us  0.00 EUR
      we owe it   0.00 EUR
      net         0.00 EUR
      held        0.00 EUR in, 0.00 EUR out
      from it     0 fulfilled
      to it       0 fulfilled
      "
    `);
    const { stdout } = await command('account', 'list', '--json', ...options);
    expect(JSON.parse(stdout)).toMatchObject({
      accounts: [{ id: 'alice' }, { id: 'bob' }, { id: 'other' }],
      balances: [{ account: 'alice', net: '0' }, { account: 'bob' }, { account: 'other' }],
    });
  });

  it('adds, changes and removes accounts', async () => {
    const { options } = await aNode();
    const carol = fileOf('carol.yaml', JSON.stringify(child('dddddddddddddddd')));
    const limits = fileOf('limits.yaml', 'limits: { maximumBalance: 700 }\n');
    expect(await command('account', 'add', 'carol', carol, ...options)).toMatchObject({
      code: ExitCode.ok,
      stdout: 'account carol is added\n',
    });
    expect(await command('account', 'add', 'carol', carol, ...options)).toMatchObject({
      code: ExitCode.nodeError,
      stderr: 'pennyswitch: there is an account carol already\n',
    });
    const { stdout } = await command('account', 'change', 'carol', limits, '--json', ...options);
    expect(JSON.parse(stdout)).toMatchObject({ limits: { maximumBalance: '700' } });
    expect(await command('account', 'remove', 'carol', ...options)).toMatchObject({
      stdout: 'account carol is removed\n',
    });
    expect((await command('account', 'show', 'carol', ...options)).code).toBe(ExitCode.nodeError);
  });
});

describe('pennyswitch routes', () => {
  it('lists routes, and says why a packet goes where it goes', async () => {
    const { options } = await aNode();
    expect((await command('routes', 'test.', ...options)).stdout).toMatchInlineSnapshot(`
      "prefix        next hop     path  why
      test.b        (this node)        it is the only route
      test.b.alice  alice              it is the only route
      test.b.other  other              it is the only route
      test.bob      bob                it is the only route
      test.rob      bob                it is the only route
      "
    `);
    expect((await command('routes', '--limit', '1', ...options)).stdout).toContain(
      '1 of 5; go on with --after test.b',
    );
    expect((await command('routes', 'why', 'test.rob.x', ...options)).stdout)
      .toMatchInlineSnapshot(`
      "goes to  bob
      prefix   test.rob
      why      it is the only route
      "
    `);
    expect((await command('routes', 'why', 'nonsense', ...options)).stderr).toContain(
      'expected an ILP address',
    );
  });
});

describe('pennyswitch rates', () => {
  it('lists rates before and after the spread, and which are missing', async () => {
    const { options } = await aNode();
    expect((await command('rates', ...options)).stdout).toMatchInlineSnapshot(`
      "pair     rate                        less spread
      USD/EUR  0.92                        0.46
      USD/XRP  none, or a stale one (T00)
      EUR/USD  1.08695652173913            0.543478260869565
      EUR/XRP  none, or a stale one (T00)
      XRP/USD  none, or a stale one (T00)
      XRP/EUR  none, or a stale one (T00)
      "
    `);
  });
});

describe('pennyswitch settle', () => {
  it('settles an amount in the asset of the account, and lists what is not acknowledged', async () => {
    const { options, engine } = await aNode();
    expect((await command('settle', ...options)).stdout).toBe(
      'Engines have acknowledged all settlements.\n',
    );
    expect((await command('settle', 'now', 'bob', '12.50', ...options)).stdout).toMatch(
      /^12\.50 EUR are on their way to bob \(key [0-9a-f-]{36}\)\n$/,
    );
    expect((await command('settle', 'list', ...options)).stdout).toMatch(/bob {6}12\.50 EUR/);
    expect(engine).toContain('POST /accounts/bob/settlements');
  });

  it.each([
    ['bob', '1.234', ExitCode.usage, 'more than the 2 decimal places'],
    ['bob', '0', ExitCode.usage, 'zero'],
    ['alice', '1', ExitCode.nodeError, 'has no settlement engine'],
    ['carol', '1', ExitCode.nodeError, 'there is no account carol'],
  ])('refuses for %s the amount %s', async (account, amount, code, message) => {
    const { options } = await aNode();
    const ended = await command('settle', 'now', account, amount, ...options);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(message);
  });
});

describe('a command for a node', () => {
  it('takes address and token from the configuration of the node', async () => {
    const { url } = await aNode();
    const port = Number(new URL(url).port);
    const file = fileOf('node.json', {
      admin: { host: '0.0.0.0', port, token: ['old-0123456789abc', TOKEN] },
      accounts: {},
    });
    expect((await command('rates', '--config', file)).code).toBe(ExitCode.ok);
    const without = fileOf('without.json', { accounts: {} });
    expect(await command('rates', '--config', without)).toMatchObject({
      code: ExitCode.configuration,
      stderr: expect.stringContaining('has no admin: { port, token }'),
    });
  });

  it('takes both from the environment', async () => {
    const { url } = await aNode();
    vi.stubEnv('PENNYSWITCH_ADMIN', url);
    vi.stubEnv('PENNYSWITCH_ADMIN_TOKEN', TOKEN);
    expect((await command('rates')).code).toBe(ExitCode.ok);
  });

  it('says that no node answers, and where it was looked for', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { code, stderr } = await command('rates', '--admin', `http://127.0.0.1:${port}`);
    expect(code).toBe(ExitCode.nodeUnreachable);
    expect(stderr).toBe(
      `pennyswitch: no node answers at http://127.0.0.1:${port} (ECONNREFUSED). Is it running, with admin: { port, token } in its configuration? Say where with --config or --admin\n`,
    );
  });

  it('says that the token is missing or wrong, and never what it is', async () => {
    const { url } = await aNode();
    const missing = await command('rates', '--admin', url);
    expect(missing.code).toBe(ExitCode.nodeRefused);
    expect(missing.stderr).toContain('needs a token: set PENNYSWITCH_ADMIN_TOKEN');
    const wrong = await command(
      'rates',
      '--admin',
      url,
      '--token-file',
      fileOf('wrong', 'hunter2'),
    );
    expect(wrong.code).toBe(ExitCode.nodeRefused);
    expect(wrong.stderr).toContain('refused the token');
    expect(wrong.stderr).not.toContain('hunter2');
  });

  it('says that something else answers', async () => {
    const server = createServer((_, response) => response.writeHead(404).end('<html>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await command('rates', '--admin', `http://127.0.0.1:${port}`);
    server.close();
    expect(code).toBe(ExitCode.nodeUnreachable);
    expect(stderr).toContain('answered 404: that is no admin API of a node');
  });

  it('ends with the code for a wrong command line where an argument is missing', async () => {
    expect((await command('account', 'show')).code).toBe(ExitCode.usage);
  });
});
