import { encodeReject, type IlpErrorCode } from '@pennyswitch/ilp-packet';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { describe, expect, it } from 'vitest';
import { REJECTIONS } from '../src/pipeline/rejections.js';
import type { PacketResult } from '../src/index.js';
import { between, rejectWith, type Peer, type World } from './fixture.js';

describe('what a rejection tells other nodes', () => {
  it('is a fixed text for each reason, without anything of this node in it', () => {
    const texts = Object.values(REJECTIONS).map(({ code, message }) => `${code} ${message}`);
    expect(texts.toSorted()).toMatchInlineSnapshot(`
      [
        "F01 bad echo request.",
        "F01 condition must be peer protocol condition.",
        "F01 the packet is not a valid ILP Prepare.",
        "F01 unknown peer protocol.",
        "F02 no route found.",
        "F02 no such receiver.",
        "F02 packets to this address do not leave the node that they start at.",
        "F02 refusing to route packets back to their sender.",
        "F02 the destination is on another network.",
        "F05 fulfillment did not match expected value.",
        "R00 packet expired.",
        "R01 the amount is too little to forward.",
        "R02 source transfer expires too soon to complete payment.",
        "R02 source transfer has already expired.",
        "T00 internal error.",
        "T00 no exchange rate is available.",
        "T00 the connection to the next hop was lost.",
        "T00 the next hop did not answer with an ILP packet.",
        "T01 the account is not ready.",
        "T01 the account with the next hop is not ready.",
        "T01 the connector has no address yet.",
        "T01 the next hop is not connected.",
        "T01 this packet is under way already.",
        "T02 peer busy.",
        "T03 connector busy.",
        "T03 connector busy.",
        "T04 exceeded maximum balance.",
        "T04 exceeded money bandwidth of the next hop, throttling.",
        "T04 exceeded money bandwidth, throttling.",
        "T04 insufficient liquidity.",
        "T05 too many requests, throttling.",
      ]
    `);
    for (const { message, data } of Object.values(REJECTIONS)) {
      // No ids, amounts, addresses or assets: only small letters of fixed sentences.
      expect(message).toMatch(/^[a-zA-Z ,.]{5,80}\.$/);
      expect(data).toBeUndefined();
    }
  });

  it('says which hop it was by the address of the node that rejected', async () => {
    const { world, alice } = await between();
    expect(await world.until(alice.send({ destination: 'test.nobody' }))).toMatchObject({
      triggeredBy: 'test.b',
      data: new Uint8Array(0),
    });
  });
});

describe('what a rejection tells the operator', () => {
  const resultOf = async (
    prepare: (world: { alice: Peer; bob: Peer; world: World }) => Promise<unknown>,
    limits = {},
  ): Promise<PacketResult | undefined> => {
    const all = await between({}, { alice: { limits } });
    let result: PacketResult | undefined;
    all.connector.on('packet', (told) => {
      result = told;
    });
    await all.world.until(prepare(all));
    return result;
  };

  it('is which limit it was', async () => {
    const send = ({ alice }: { alice: Peer }): Promise<unknown> =>
      alice.send({ amount: 100n, destination: 'test.bob' });
    expect(await resultOf(send, { maximumBalance: 10n })).toMatchObject({
      code: 'T04',
      reason: 'exceeded maximum balance.',
    });
    expect(await resultOf(send, { incomingThroughput: { limit: 10n } })).toMatchObject({
      code: 'T04',
      reason: 'exceeded money bandwidth, throttling.',
    });
  });

  it('is who else rejected, and what that node says', async () => {
    const result = await resultOf(({ alice, bob }) => {
      bob.answer = rejectWith('F99');
      return alice.send({ destination: 'test.bob' });
    });
    expect(result).toMatchObject({ code: 'F99', reason: 'test.far.away: no' });
  });

  it('is never longer than a line, nor what a terminal would act on', async () => {
    const result = await resultOf(({ alice, bob }) => {
      bob.answer = () =>
        Promise.resolve(
          encodeReject({
            code: 'F99',
            triggeredBy: parseIlpAddress('test.far'),
            message: `\u001b[2J\n${'x'.repeat(1000)}`,
            data: new Uint8Array(0),
          }),
        );
      return alice.send({ destination: 'test.bob' });
    });
    expect(result?.reason).toMatch(/^test\.far: \?\[2J\?x{195}$/);
  });

  it.each<[IlpErrorCode, string]>([
    ['T02', 'connector busy.'],
    ['T05', 'connector busy.'],
  ])('is that the next hop was busy, for its %s', async (code, reason) => {
    const result = await resultOf(({ alice, bob }) => {
      bob.answer = rejectWith(code);
      return alice.send({ destination: 'test.bob' });
    });
    expect(result).toMatchObject({ code: 'T03', reason });
  });
});
