/** What a newcomer gets wrong, told in words and before anything is waited for. */
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ExitCode } from '../src/exit-codes.js';
import { run } from '../src/program.js';
import { profileOf } from '../src/wallet/profile.js';
import { Wallet } from '../src/wallet/wallet.js';

/** Nobody is there: a command that asked it would wait. */
const UPLINK = ['--uplink', 'btp+ws://:secret@127.0.0.1:1'];

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a wallet command that is wrong', () => {
  it.each<[string[], ExitCode, string | RegExp]>([
    // `$bob` without quotes is nothing, and `$bob.example` is `.example`.
    [['pay', '.example', '1', '--yes', ...UPLINK], ExitCode.unknownPointer, 'in single quotes'],
    [['pay', '5', '--yes', ...UPLINK], ExitCode.unknownPointer, 'expected a payment pointer'],
    [['pay', '$a.example:80', '1', '--yes', ...UPLINK], ExitCode.unknownPointer, 'it has a port'],
    [['pay', '$a.example', '1,50', '--yes', ...UPLINK], ExitCode.usage, 'such as 12.50'],
    [['pay', '$a.example', '1', '--yes'], ExitCode.usage, 'Give --uplink or --profile'],
    [['pay', '$a.example', '1', '--yes', '--price', 'EUR', ...UPLINK], ExitCode.usage, 'EUR=1.08'],
    [['pay', '$a.example', '1', '--yes', '--connect-to', 'x'], ExitCode.usage, 'HOST:443:ADDRESS'],
    [['receive', '--listen', '80', ...UPLINK], ExitCode.usage, 'expected HOST:PORT, found "80"'],
    [['receive', '--pointer', 'bob', ...UPLINK], ExitCode.usage, '--pointer: "bob" is no payment'],
    [['receive', '--tls-cert', 'x', ...UPLINK], ExitCode.usage, 'come together'],
    [
      ['receive', '--tls-cert', '/no/x', '--tls-key', '/no/y', ...UPLINK],
      ExitCode.configuration,
      '--tls-cert: ENOENT',
    ],
    [['verify-receipts', '--receiver', 'bob'], ExitCode.usage, 'expected /PATH=$POINTER'],
    [['verify-receipts', '--receiver', '/a=$b c'], ExitCode.usage, '--receiver: "$b c" is no'],
    [['invoice', 'create', '5', '--books', '/no/books'], ExitCode.configuration, 'runs here'],
    [
      ['invoice', 'create', '5', '--books', 'x', '--expires', '5'],
      ExitCode.usage,
      /90m, 24h or 30d/,
    ],
  ])('is told so at once: %j', async (args, code, text) => {
    const written: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      written.push(String(chunk));
      return true;
    });
    expect(await run(args)).toBe(code);
    expect(written.join('')).toMatch(text);
  });
});

describe('an uplink that is not there', () => {
  it('is named with the reason while the wallet still tries, without the token', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const giveUp = new AbortController();
    const warnings: string[] = [];
    const opening = Wallet.open(profileOf({ uplink: `btp+ws://:secret@127.0.0.1:${port}` }), {
      signal: giveUp.signal,
      warn: (message) => {
        warnings.push(message);
        giveUp.abort();
      },
    });
    await expect(opening).rejects.toMatchObject({ exitCode: ExitCode.ok });
    expect(warnings).toEqual([
      expect.stringMatching(
        new RegExp(`^the uplink btp\\+ws://127.0.0.1:${port} is not there \\(.*ECONNREFUSED`),
      ),
    ]);
    expect(warnings.join()).not.toContain('secret');
  });
});
