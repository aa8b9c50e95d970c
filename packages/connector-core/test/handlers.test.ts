import { PacketType } from '@pennyswitch/ilp-packet';
import { describe, expect, it } from 'vitest';
import {
  Connector,
  Pipeline,
  type HandlerPlacement,
  type Incoming,
  type Priced,
  type Routed,
  type Step,
} from '../src/index.js';
import { between } from './fixture.js';

const TO_BOB = { destination: 'test.bob.1' };

describe("an application's handler", () => {
  it('before a step may reject what it does not like', async () => {
    const { world, alice, bob } = await between({
      handlers: [
        {
          place: 'before',
          step: 'route',
          handler: {
            name: 'sanctions',
            run: ({ prepare }) =>
              prepare.destination === 'test.bob.1' ? { code: 'F00', message: 'no.' } : undefined,
          },
        },
      ],
    });
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({ code: 'F00', message: 'no.' });
    expect(bob.received).toEqual([]);
  });

  it('after a step sees what the step found out', async () => {
    const seen: bigint[] = [];
    const { world, alice } = await between({
      handlers: [
        {
          place: 'after',
          step: 'price',
          handler: { name: 'watch', run: ({ outgoingAmount }) => void seen.push(outgoingAmount) },
        },
      ],
    });
    await world.until(alice.send({ amount: 1000n, ...TO_BOB }));
    expect(seen).toEqual([920n]);
  });

  it('instead of a step does its work', async () => {
    const fixedPrice: HandlerPlacement = {
      place: 'instead',
      step: 'price',
      handler: {
        name: 'fixed price',
        run: (context) => {
          context.outgoingAmount = 5n;
          return undefined;
        },
      },
    };
    const { world, alice, bob } = await between({ handlers: [fixedPrice] });
    await world.until(alice.send({ amount: 1000n, ...TO_BOB }));
    expect(bob.received[0]?.amount).toBe(5n);
  });

  it('may take its time', async () => {
    const worldAndPeers = await between({
      handlers: [
        {
          place: 'before',
          step: 'scope',
          handler: {
            name: 'slow',
            run: () => worldAndPeers.world.clock.sleep(100).then(() => undefined),
          },
        },
      ],
    });
    const { world, alice } = worldAndPeers;
    const start = world.clock.now();
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({ type: PacketType.fulfill });
    expect(world.clock.now()).toBe(start + 100);
  });

  it('behind the reservation that says no leaves nothing held', async () => {
    const { world, connector, alice } = await between({
      handlers: [
        {
          place: 'after',
          step: 'reserve',
          handler: { name: 'no', run: () => ({ code: 'F00', message: 'no.' }) },
        },
      ],
    });
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({ code: 'F00' });
    expect(await connector.balance('alice')).toMatchObject({ heldIncoming: 0n });
    expect(await connector.balance('bob')).toMatchObject({ heldOutgoing: 0n });
  });

  it('that throws becomes T00 without its message, and leaves nothing held', async () => {
    const { world, connector, alice } = await between({
      handlers: [
        {
          place: 'after',
          step: 'reserve',
          handler: {
            name: 'bug',
            run: () => {
              throw new Error('secret');
            },
          },
        },
      ],
    });
    expect(await world.until(alice.send(TO_BOB))).toMatchObject({
      code: 'T00',
      message: 'internal error.',
    });
    expect(await connector.balance('alice')).toMatchObject({ heldIncoming: 0n });
  });

  it('beside a step that does not exist is refused when the connector is made', () => {
    const misplaced = {
      place: 'before',
      step: 'lunch',
      handler: { name: 'x', run: () => undefined },
    } as unknown as HandlerPlacement;
    expect(() => new Connector({ handlers: [misplaced] })).toThrow(
      expect.objectContaining({ code: 'BAD_SETTING' }),
    );
  });
});

describe('a pipeline', () => {
  it('does not compile where a step needs what no step before it gives', () => {
    const price: Step<Routed, Priced> = { name: 'price', run: () => undefined };
    // @ts-expect-error: `price` needs a route.
    Pipeline.from<Incoming>().then(price);
    expect(Pipeline.from<Routed>().then(price).steps).toHaveLength(1);
  });
});
