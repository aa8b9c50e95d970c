import { describe, expect, it } from 'vitest';
import { checkConfig } from '../src/config/load.js';
import { nodeConfigSchema } from '../src/config/schema.js';
import { CommandFailure, ExitCode } from '../src/exit-codes.js';

function check(document: unknown, env: NodeJS.ProcessEnv = {}): unknown {
  return checkConfig(document, nodeConfigSchema, 'node.yaml', env);
}

function complaint(document: unknown): string {
  try {
    check(document);
  } catch (error) {
    expect(error).toBeInstanceOf(CommandFailure);
    expect((error as CommandFailure).exitCode).toBe(ExitCode.configuration);
    return (error as CommandFailure).message;
  }
  throw new Error('the document was accepted');
}

const account = {
  relation: 'peer',
  asset: { code: 'EUR', scale: 6 },
  link: { type: 'btp', url: 'btp+wss://peer.example', token: 'secret' },
};

describe('the configuration of a node', () => {
  it('takes amounts as text or whole numbers, and secrets from the environment', () => {
    const document = {
      address: 'g.x',
      accounts: {
        bob: {
          ...account,
          link: { ...account.link, token: '${BOB_TOKEN}' },
          limits: { maxPacketAmount: '18446744073709551615', maximumBalance: 1000 },
        },
      },
    };
    expect(check(document, { BOB_TOKEN: 'from the environment' })).toMatchObject({
      accounts: {
        bob: {
          link: { token: 'from the environment' },
          limits: { maxPacketAmount: 18_446_744_073_709_551_615n, maximumBalance: 1000n },
        },
      },
    });
    expect(complaint(document)).toContain(
      'accounts.bob.link.token: the environment variable BOB_TOKEN is not set',
    );
  });

  it('names the field, what was expected and what was found', () => {
    expect(
      complaint({
        adress: 'g.x',
        address: 'x',
        drainMs: -1,
        strictPorts: 'yes',
        spread: 0.005,
        admin: { port: 70_000, token: 'short' },
        accounts: {
          'b b': account,
          bob: { ...account, relation: 'friend', asset: { code: 'EUR', scale: 6.5 } },
          eve: { ...account, link: { type: 'btp' }, limits: { maxPacketAmount: 'lots' } },
        },
      }),
    ).toMatchInlineSnapshot(`
      "node.yaml is not right:
        address: expected an ILP address such as g.example, found "x"
        admin.port: expected a port from 0 to 65535, found 70000
        admin.token: expected a secret of at least 16 characters, found a text of 5 characters
        spread: expected a decimal in quotes, for example "0.92", found 0.005
        drainMs: expected a number of at least 0, found -1
        strictPorts: expected true or false, found "yes"
        accounts.b b: expected an id of 1 to 64 of A-Z a-z 0-9 _ ~ -, found "b b"
        accounts.bob.relation: expected one of "parent"|"peer"|"child", found "friend"
        accounts.bob.asset.scale: expected a whole number, found 6.5
        accounts.eve.link: expected { type: btp, listen: true, token }, { type: btp, url, token } or { type: http, url, token, incoming }, found a group of settings
        accounts.eve.limits.maxPacketAmount: expected a whole number of units, for example "1000000", found "lots"
        adress: there is no such setting"
    `);
  });

  it('does not repeat a secret that is wrong', () => {
    const text = complaint({ admin: { port: 1, token: 'hunter2' }, accounts: {} });
    expect(text).not.toContain('hunter2');
    expect(text).toContain('a text of 7 characters');
    const link = { type: 'btp', url: 'btp+wss:/alice:hunter2@peer.example' };
    const other = complaint({ address: 'g.x', accounts: { bob: { ...account, link } } });
    expect(other).not.toContain('hunter2');
    expect(other).toContain('found "btp+wss:/[hidden]@peer.example"');
  });

  it('says of settings with several forms what is wrong with the one that is meant', () => {
    const complaints = [
      { type: 'btp', listen: true, token: 'short' },
      { type: 'btp', listen: true },
      { type: 'btp', url: 'https://peer.example' },
      { type: 'http', url: 'peer.example', tokn: 'x' },
      { type: 'http', url: 'https://peer.example', incoming: { tokens: ['short'] } },
      { type: 'smtp' },
    ].map((link) => complaint({ address: 'g.x', accounts: { bob: { ...account, link } } }));
    complaints.push(
      complaint({ rates: { pairs: { 'USD/EUR': 0.92 } }, accounts: {} }),
      complaint({ rates: { url: 'ftp://x', refreshMs: 1 }, accounts: {} }),
      complaint({ store: { type: 'level' }, accounts: {} }),
      complaint({ store: { type: 'sql' }, accounts: {} }),
      complaint({ store: { type: 'redis', url: 'http://x:hunter2@redis.example' }, accounts: {} }),
      complaint({ store: { type: 'redis', url: [], password: 1 }, accounts: {} }),
    );
    const lines = complaints.flatMap((text) => text.split('\n').slice(1));
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "  accounts.bob.link.token: expected a secret of at least 16 characters, found a text of 5 characters
        accounts.bob.link: the peer is to connect to us, but there is no btp: { host, port } to listen on
        accounts.bob.link.token: expected a secret of at least 16 characters, or a list of such, found nothing
        accounts.bob.link.url: expected a URL that starts with btp+wss:// or btp+ws://, found "https://peer.example"
        accounts.bob.link.url: expected a URL that starts with https:// or http://, found "peer.example"
        accounts.bob.link.tokn: there is no such setting
        accounts.bob.link.incoming.tokens.0: expected a secret of at least 16 characters, found a text of 5 characters
        accounts.bob.link: the peer is to connect to us, but there is no http: { host, port } to listen on
        accounts.bob.link: expected { type: btp, listen: true, token }, { type: btp, url, token } or { type: http, url, token, incoming }, found a group of settings
        rates.pairs.USD/EUR: expected a decimal in quotes, for example "0.92", found 0.92
        rates.url: expected a URL that starts with https:// or http://, found "ftp://x"
        rates.refreshMs: expected a number of at least 1000, found 1
        store.path: expected a text, found nothing
        store: expected { type: level, path }, { type: redis, url } or { type: memory }, found a group of settings
        store.url: expected a URL that starts with redis://, rediss:// or unix:///, found "http://[hidden]@redis.example"
        store.url: expected at least one URL, found a list
        store.password: expected a text, found a number"
    `);
  });

  it('is checked as a whole: what the node would refuse at its start is said before', () => {
    const listening = { type: 'btp', listen: true, token: '0123456789abcdef' };
    const parent = { relation: 'parent', link: account.link };
    expect(
      complaint({
        rates: { pairs: { 'USD/EUR': '0', 'USD/USD': '1' } },
        spread: '1',
        spreads: { 'USD/EUR': '1.5' },
        accounts: {
          up: parent,
          other: parent,
          alice: { ...account, relation: 'child', link: listening, segment: 'bob' },
          bob: {
            ...account,
            relation: 'child',
            link: { ...listening, token: ['fedcba9876543210', listening.token] },
          },
          carol: {
            relation: 'peer',
            link: account.link,
            limits: { minimumBalance: 2, maximumBalance: 1 },
          },
          dave: {
            ...account,
            link: {
              type: 'http',
              url: 'https://d.example',
              incoming: { tokens: ['0123456789abcdef'] },
            },
            settlement: { engine: 'http://127.0.0.1:3000', threshold: 10, settleTo: 10 },
          },
        },
      }),
    ).toMatchInlineSnapshot(`
      "node.yaml is not right:
        rates.pairs.USD/EUR: the rate is 0, it must be above 0
        rates.pairs.USD/USD: the pair "USD/USD" is not written FROM/TO, such as USD/EUR
        spread: the spread is 1, it must be below 1
        spreads.USD/EUR: the spread is 1.5, it must be below 1
        accounts.other: only one parent gives this node its address, and up does already (RFC 0034); set inheritAddress: false and an asset
        accounts.alice.link: the peer is to connect to us, but there is no btp: { host, port } to listen on
        accounts.bob: it would have the address of alice
        accounts.bob.link: the peer is to connect to us, but there is no btp: { host, port } to listen on
        accounts.carol: minimumBalance is above maximumBalance
        accounts.carol.asset: it is missing
        accounts.dave: settlement.settleTo is 10, it must be below the threshold of 10: otherwise nothing is ever settled
        accounts.dave.link: the peer is to connect to us, but there is no http: { host, port } to listen on
        accounts.bob.link.token: the peer of alice has the same one; each account needs its own"
    `);
  });

  it('takes one token for two protocols, and two tokens for one account', () => {
    const token = '0123456789abcdef';
    const document = {
      address: 'g.x',
      btp: { port: 0 },
      http: { port: 0 },
      accounts: {
        alice: { ...account, link: { type: 'btp', listen: true, token: [token, token] } },
        bob: {
          ...account,
          link: { type: 'http', url: 'https://b.example', incoming: { tokens: [token] } },
        },
      },
    };
    expect(check(document)).toBeDefined();
  });
});
