import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  conditionOf,
  decodeReply,
  encodeFulfill,
  encodePrepare,
  PacketType,
} from '@pennyswitch/ilp-packet';
import { describe, expect, it } from 'vitest';
import { encodeEchoRequest, isEchoResponse } from '../src/index.js';
import { between, FULFILLMENT, rejectWith } from './fixture.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function ping(now: number, data: Uint8Array): Uint8Array {
  return encodePrepare({
    amount: 100n,
    expiresAt: new Date(now + 20_000),
    executionCondition: conditionOf(FULFILLMENT),
    destination: parseIlpAddress('test.b'),
    data,
  });
}

describe('a ping', () => {
  const request = encodeEchoRequest(parseIlpAddress('test.b.alice.me'));

  it('is, byte for byte, what deployed connectors take', () => {
    expect(request).toEqual(
      new Uint8Array([...text('ECHOECHOECHOECHO'), 0, 15, ...text('test.b.alice.me')]),
    );
  });

  it('comes back to whoever sent it, who fulfils it, under the usual books', async () => {
    const { world, connector, alice } = await between({ spread: '0.1' });
    alice.answer = () =>
      Promise.resolve(encodeFulfill({ fulfillment: FULFILLMENT, data: new Uint8Array(0) }));
    const reply = await world.until(alice.sendBytes(ping(world.clock.now(), request)));
    expect(decodeReply(reply).type).toBe(PacketType.fulfill);
    const [back] = alice.received;
    expect(back).toMatchObject({ destination: 'test.b.alice.me', amount: 90n });
    expect(isEchoResponse(back!.data)).toBe(true);
    expect(isEchoResponse(request)).toBe(false);
    expect(await connector.balance('alice')).toMatchObject({ receivable: 100n, payable: 90n });
  });

  it.each([
    ['without an address', text('ECHOECHOECHOECHO\0')],
    ['of a kind that nobody knows', text('ECHOECHOECHOECHO\x02')],
    ['with something that is no address', text('ECHOECHOECHOECHO\0\x03x.y')],
  ])('%s is F01', async (_what, data) => {
    const { world, alice } = await between();
    const reply = await world.until(alice.sendBytes(ping(world.clock.now(), data)));
    expect(decodeReply(reply)).toMatchObject({ code: 'F01' });
  });

  it.each([
    [
      'a settlement engine behind a peer (RFC 0038 "Exchanging messages": never forwarded)',
      'peer.settle',
      'F01',
    ],
    ['the configuration of a peer (RFC 0034 "Special Addresses")', 'peer.config', 'F01'],
    ['this node only (RFC 0034 "Special Addresses")', 'self.x', 'F02'],
    ['the other network (RFC 0015 "Allocation Schemes")', 'g.far', 'F02'],
  ])('that names %s goes nowhere', async (_what, source, code) => {
    const { world, alice, bob } = await between({}, { bob: { staticRoutes: [''] } });
    const data = encodeEchoRequest(parseIlpAddress(source));
    const reply = await world.until(alice.sendBytes(ping(world.clock.now(), data)));
    expect(decodeReply(reply)).toMatchObject({ type: PacketType.reject, code });
    expect([...alice.received, ...bob.received]).toEqual([]);
  });

  it('that names a third party goes there, and not back', async () => {
    const { world, alice, bob } = await between();
    bob.answer = rejectWith('F99');
    const data = encodeEchoRequest(parseIlpAddress('test.bob.x'));
    await world.until(alice.sendBytes(ping(world.clock.now(), data)));
    expect(bob.received).toHaveLength(1);
    expect(alice.received).toEqual([]);
  });

  it("is the application's where it receives packets at this address", async () => {
    const { world, connector, alice } = await between();
    connector.setLocalHandler(rejectWith('F06'));
    const reply = await world.until(alice.sendBytes(ping(world.clock.now(), request)));
    expect(decodeReply(reply)).toMatchObject({ code: 'F06' });
    expect(alice.received).toEqual([]);
  });
});
