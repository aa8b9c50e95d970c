import { IlpError } from '@pennyswitch/ilp-packet';
import { quotePayment } from '@pennyswitch/stream';
import { expect, it } from 'vitest';
import { createWorld, fixedSource } from './world.js';

it.each([
  ['T04', 'INSUFFICIENT_LIQUIDITY'],
  ['T01', 'RECEIVER_UNREACHABLE'],
] as const)(
  'a quote over a path that lets no money through says why: %s',
  async (code, expected) => {
    const world = createWorld({});
    const [first] = world.connectors;
    if (first === undefined) throw new Error('the world has no connector');
    first.settings.veto = ({ amount }) => (amount > 0n ? new IlpError(code, 'because') : undefined);
    const quote = quotePayment({ ...world.options, amount: fixedSource(1_000_000n) });
    await expect(world.clock.runUntil(quote)).rejects.toMatchObject({
      code: expected,
      ilpCode: code,
    });
  },
);
