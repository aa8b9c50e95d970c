import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { VirtualClock } from '@pennyswitch/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  StreamErrorCode,
  StreamReceiver,
  type Clock,
  type IncomingMoney,
  type MoneyDecision,
  type StreamReceiverOptions,
} from '../src/index.js';
import { hex } from './hex.js';
import { money, TestSender, type TestReply } from './test-sender.js';

/** What the application is told, in its order. */
let log: string[];
let clock: VirtualClock;

beforeEach(() => {
  log = [];
  clock = new VirtualClock();
});

type Decide = NonNullable<StreamReceiverOptions['onMoney']>;

function senderTo(onMoney: Decide): TestSender {
  const receiver = new StreamReceiver({
    secret: hex('5e'.repeat(32)),
    address: () => parseIlpAddress('test.bob'),
    clock,
    onMoney: (incoming) => {
      log.push(`asked for ${incoming.amount}`);
      return onMoney(incoming);
    },
    onReceived: ({ amount }) => log.push(`received ${amount}`),
    onUndo: ({ amount }) => log.push(`undo ${amount}`),
  });
  return new TestSender(receiver.handle, receiver.createCredentials({ limit: 100n }), () =>
    clock.now(),
  );
}

const packet = { amount: 60n, frames: [money()] };

describe('the decision about a packet of money', () => {
  it('is asked for money alone, not for probes, control packets, or too little', async () => {
    const alice = senderTo(() => 'accept');
    await alice.send({ amount: 5n, frames: [money()], fulfillable: false });
    await alice.send({ frames: [money()] });
    await alice.send({ amount: 5n, minimum: 6n, frames: [money()] });
    expect(log).toEqual([]);
    await alice.send(packet);
    await clock.advance(0);
    expect(log).toEqual(['asked for 60', 'received 60']);
  });

  it('may decline for good: the connection is closed and the sender told why', async () => {
    const reply = await senderTo(() => ({ decline: 'final', reason: 'account closed' })).send(
      packet,
    );
    expect(reply.outcome).toBe('F99');
    expect(TestSender.frame(reply, 'ConnectionClose')).toEqual({
      type: 'ConnectionClose',
      errorCode: StreamErrorCode.ApplicationError,
      errorMessage: 'account closed',
    });
    await clock.advance(0);
    expect(log).toEqual(['asked for 60']);
  });

  it.each(['x'.repeat(100_000), '\ud800'])(
    'may give a reason that no frame can carry',
    async (reason) => {
      const reply = await senderTo(() => ({ decline: 'final', reason })).send(packet);
      expect(TestSender.frame(reply, 'ConnectionClose')).toBeDefined();
    },
  );

  it('may decline for now: the sender may try again', async () => {
    const reply = await senderTo(() => ({ decline: 'temporary' })).send(packet);
    expect(reply).toMatchObject({ outcome: 'T99', stream: { prepareAmount: 60n }, frames: [] });
  });

  it('is waited for before the packet is fulfilled', async () => {
    let accept: (decision: MoneyDecision) => void = () => undefined;
    const alice = senderTo(() => new Promise((resolve) => (accept = resolve)));
    let reply: TestReply | undefined;
    void alice.send(packet).then((value) => (reply = value));
    await clock.advance(10_000);
    expect(reply).toBeUndefined();
    accept('accept');
    await clock.advance(0);
    expect(reply?.outcome).toBe('fulfilled');
    expect(log).toEqual(['asked for 60', 'received 60']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is waited for until the packet expires; accepting later is undone', async () => {
    let accept: (decision: MoneyDecision) => void = () => undefined;
    const alice = senderTo(() => new Promise((resolve) => (accept = resolve)));
    const reply = await clock.runUntil(alice.send(packet));
    expect(reply.outcome).toBe('R00');
    accept('accept');
    await clock.advance(0);
    expect(log).toEqual(['asked for 60', 'undo 60']);
  });

  it('is no longer of interest when it declines after the packet expired', async () => {
    let settle: { accept: (decision: MoneyDecision) => void; fail: (reason: Error) => void };
    const alice = senderTo(() => new Promise((accept, fail) => (settle = { accept, fail })));
    for (const end of [
      () => settle.accept({ decline: 'temporary' }),
      () => settle.fail(new Error('database gone')),
    ]) {
      expect((await clock.runUntil(alice.send(packet))).outcome).toBe('R00');
      end();
      await clock.advance(0);
    }
    expect(log).toEqual(['asked for 60', 'asked for 60']);
  });

  it('is too late too where the process slept while it was made, and no timer could fire', async () => {
    let now = clock.now();
    const sleepy: Clock = {
      now: () => now,
      setTimeout: (callback, ms) => (ms === 0 ? clock.setTimeout(callback, 0) : undefined),
      clearTimeout: () => undefined,
    };
    const receiver = new StreamReceiver({
      secret: hex('5e'.repeat(32)),
      address: () => parseIlpAddress('test.bob'),
      clock: sleepy,
      onMoney: ({ expiresAt }) => {
        now = expiresAt.getTime();
        return 'accept';
      },
      onReceived: () => log.push('received'),
      onUndo: ({ amount }) => log.push(`undo ${amount}`),
    });
    const alice = new TestSender(receiver.handle, receiver.createCredentials(), () => now);
    expect((await alice.send(packet)).outcome).toBe('R00');
    await clock.advance(0);
    expect(log).toEqual(['undo 60']);
  });

  it.each<[string, Decide]>([
    [
      'throws',
      () => {
        throw new Error('bug');
      },
    ],
    ['fails later', () => Promise.reject(new Error('database gone'))],
  ])('that %s rejects the packet for now', async (_, decide) => {
    expect((await senderTo(decide).send(packet)).outcome).toBe('T00');
    await clock.advance(0);
    expect(log).toEqual(['asked for 60']);
  });

  it('waits for a packet that expires in a far future', async () => {
    let accept: (decision: MoneyDecision) => void = () => undefined;
    const alice = senderTo(() => new Promise((resolve) => (accept = resolve)));
    let reply: TestReply | undefined;
    const expiresAt = Date.UTC(9999, 0, 1);
    void alice.send({ ...packet, expiresAt }).then((value) => (reply = value));
    await clock.advance(86_400_000);
    expect(reply).toBeUndefined();
    accept('accept');
    await clock.advance(0);
    expect(reply?.outcome).toBe('fulfilled');
  });
});

it('gives back to the limit what was declined, failed or came too late', async () => {
  const answers: (() => MoneyDecision | Promise<MoneyDecision>)[] = [
    () => ({ decline: 'temporary' }),
    () => Promise.reject(new Error('database gone')),
    () => new Promise(() => undefined),
    () => 'accept',
  ];
  const alice = senderTo(() => answers.shift()?.() ?? 'accept');
  const outcomes: string[] = [];
  for (let i = 0; i < 4; i++) {
    outcomes.push((await clock.runUntil(alice.send({ ...packet, amount: 100n }))).outcome);
  }
  expect(outcomes).toEqual(['T99', 'T00', 'R00', 'fulfilled']);
});

it('a listener that throws does not harm the receiver', async () => {
  const receiver = new StreamReceiver({
    secret: hex('5e'.repeat(32)),
    address: () => parseIlpAddress('test.bob'),
    clock,
    onReceived: (incoming: IncomingMoney) => {
      log.push(`received ${incoming.amount}`);
      throw new Error('bug');
    },
  });
  const alice = new TestSender(receiver.handle, receiver.createCredentials(), () => clock.now());
  for (let i = 0; i < 2; i++) expect((await alice.send(packet)).outcome).toBe('fulfilled');
  await clock.advance(0);
  expect(log).toEqual(['received 60', 'received 60']);
});
