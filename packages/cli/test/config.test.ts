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
  });
});
