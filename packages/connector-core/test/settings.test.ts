import { describe, expect, it } from 'vitest';
import {
  checkAccountSettings,
  Connector,
  type AccountSettings,
  type ForwardingPolicy,
} from '../src/index.js';
import { EUR } from './fixture.js';

const sound: AccountSettings = {
  id: 'bob',
  relation: 'peer',
  asset: EUR,
  limits: {
    maxPacketAmount: 2n ** 64n - 1n,
    minimumBalance: -5n,
    maximumBalance: -5n,
    packets: { limit: 1, periodMs: 1 },
  },
  settlement: { engineUrl: 'http://127.0.0.1:3000', threshold: 1n, intervalMs: 1000, scale: 255 },
  staticRoutes: ['', 'g', 'test.a.b'],
};

describe('account settings', () => {
  it('at their limits are accepted', () => {
    checkAccountSettings(sound);
  });

  it.each<[text: string, change: object]>([
    ['the id must be', { id: '' }],
    ['the id must be', { id: 'a'.repeat(65) }],
    ['segment "a.b"', { segment: 'a.b' }],
    ['relation "friend" must be', { relation: 'friend' }],
    ['inheritAddress is for parents', { inheritAddress: true }],
    ['the asset code is empty', { asset: { code: '', scale: 1 } }],
    ['the asset scale is 1.5', { asset: { code: 'X', scale: 1.5 } }],
    ['the static route "x.y"', { staticRoutes: ['x.y'] }],
    ['maxPacketAmount is -1', { limits: { maxPacketAmount: -1n } }],
    [
      'maxOutgoingPacketAmount is 18446744073709551616',
      { limits: { maxOutgoingPacketAmount: 2n ** 64n } },
    ],
    ['minimumBalance is above', { limits: { minimumBalance: 1n, maximumBalance: 0n } }],
    ['packets.limit is 0', { limits: { packets: { limit: 0 } } }],
    ['incomingThroughput.limit is -1', { limits: { incomingThroughput: { limit: -1n } } }],
    [
      'outgoingThroughput.periodMs is 0',
      { limits: { outgoingThroughput: { limit: 1n, periodMs: 0 } } },
    ],
    ['settlement.engineUrl "nowhere" is no URL', { settlement: { engineUrl: 'nowhere' } }],
    ['settlement.engineUrl has a user', { settlement: { engineUrl: 'http://:secret@x.example' } }],
  ])('are refused because %s…', (text, change) => {
    const settings = { ...sound, ...change };
    expect(() => {
      checkAccountSettings(settings);
    }).toThrow(
      expect.objectContaining({
        code: 'BAD_SETTING',
        message: expect.stringContaining(`account ${JSON.stringify(settings.id)}: ${text}`),
      }),
    );
  });
});

describe("a connector's policy", () => {
  it.each<Partial<ForwardingPolicy>>([
    { minMessageWindowMs: -1 },
    { maxHoldTimeMs: 1000 },
    { lateReplyMs: 0.5 },
    { maxAttempts: 0 },
    { maxPacketsInFlight: 0 },
  ])('is refused with %j', (policy) => {
    const [name] = Object.keys(policy);
    expect(() => new Connector({ policy })).toThrow(
      expect.objectContaining({
        code: 'BAD_SETTING',
        message: expect.stringContaining(`policy.${name} is `),
      }),
    );
  });
});
