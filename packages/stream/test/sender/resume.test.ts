import { decodePrepare, IlpError, type IlpPacketHandler } from '@pennyswitch/ilp-packet';
import type { LinkFaults } from '@pennyswitch/testkit';
import {
  StreamKeys,
  payQuote,
  quotePayment,
  resumeQuote,
  type PaymentAmount,
  type PaymentOutcome,
  type SenderPolicy,
} from '@pennyswitch/stream';
import { describe, expect, it } from 'vitest';
import { createWorld, fixedDelivery, fixedSource, type World, type WorldOptions } from './world.js';

/** A process that may be killed: from then on nothing that it does has any effect, and it hears of nothing. */
class Process {
  /** What it has done so far: packets sent, replies heard, states saved (each before and after it is durable). */
  steps = 0;
  readonly death: Promise<void>;
  readonly #killAt: number;
  #die: () => void = () => undefined;

  constructor(killAt: number) {
    this.#killAt = killAt;
    this.death = new Promise((resolve) => (this.#die = resolve));
  }

  get isDead(): boolean {
    return this.steps > this.#killAt;
  }

  /** One more thing happens. @returns whether the process still lives to do it. */
  step(): boolean {
    if (!this.isDead) this.steps++;
    if (this.isDead) this.#die();
    return !this.isDead;
  }

  send(path: IlpPacketHandler): IlpPacketHandler {
    return (prepare) =>
      new Promise((resolve) => {
        if (!this.step()) return;
        void path(prepare).then((reply) => {
          if (this.step()) resolve(reply);
        });
      });
  }

  /** Durable after 3 ms. */
  save(disk: Disk, world: World): (state: string) => Promise<void> {
    return (state) =>
      new Promise((resolve) => {
        if (!this.step()) return;
        world.clock.setTimeout(() => {
          if (!this.step()) return;
          disk.saves++;
          disk.state = state;
          resolve();
        }, 3);
      });
  }
}

/** What is left when a process is killed. */
interface Disk {
  state: string | undefined;
  saves: number;
}

interface Run {
  readonly world: World;
  /** Of the process that came to the end; undefined where the first one was killed before it saved or sent anything. */
  readonly outcome: PaymentOutcome | undefined;
  readonly disk: Disk;
  /** Processes that were killed. */
  readonly killed: number;
  /** Of the last process. */
  readonly steps: number;
}

interface RunOptions extends WorldOptions {
  readonly amount: PaymentAmount;
  readonly policy?: Partial<SenderPolicy>;
  readonly trustReceiver?: boolean;
}

/** Pays, and kills the n-th process at its n-th number; those without one live. */
async function pay(
  { amount, policy = {}, trustReceiver = false, ...options }: RunOptions,
  ...killAt: number[]
): Promise<Run> {
  const world = createWorld({ connectors: [{ maxPacketAmount: 1_000n }], ...options });
  const disk: Disk = { state: undefined, saves: 0 };
  for (let killed = 0; ; killed++) {
    const process = new Process(killAt[killed] ?? Infinity);
    const save = process.save(disk, world);
    const own = { ...world.options, policy, send: process.send(world.options.send) };
    const quoting =
      disk.state === undefined
        ? quotePayment({ ...own, amount })
        : resumeQuote(disk.state, { ...own, save, trustReceiver });
    const outcome = await untilDead(
      world,
      process,
      quoting.then((quote) => payQuote(quote, { save })),
    );
    if (outcome !== undefined || disk.state === undefined) {
      await world.clock.run();
      return { world, outcome, disk, killed, steps: process.steps };
    }
    await world.clock.advance(40);
  }
}

/** What a process returns; undefined where it is killed before. */
function untilDead<T>(
  { clock }: World,
  process: Process,
  working: Promise<T>,
): Promise<T | undefined> {
  return clock.runUntil(Promise.race([working, process.death.then(() => undefined)]));
}

/** What must hold whenever processes are killed, by the books of the auditor. @returns what was spent. */
function check({ world, outcome }: Run, maxSource: bigint): bigint {
  const { atSender, atReceiver, received } = world;
  expect(atSender.total('open')).toBe(0n);
  const spent = atSender.total('fulfilled');
  const arrived = atReceiver.total('fulfilled');
  // One to one: what was spent arrived, once.
  expect(arrived).toBe(spent);
  expect(received.reduce((sum, { amount }) => sum + amount, 0n)).toBe(spent);
  if (outcome === undefined) {
    expect(spent).toBe(0n);
    return spent;
  }
  expect(outcome.sent + outcome.unknownOutcome.amount).toBeLessThanOrEqual(maxSource);
  // What is proved was spent, and all that was spent is in the outcome.
  expect(outcome.sent).toBeLessThanOrEqual(spent);
  expect(spent).toBeLessThanOrEqual(outcome.sent + outcome.unknownOutcome.amount);
  expect(outcome.delivered).toBeLessThanOrEqual(arrived);
  return spent;
}

describe.each([1, 3, 8])('a payment whose state is saved for %i packets at a time', (block) => {
  const policy = { packetsPerSave: block, closeTimeoutMs: 0 };

  it('costs never more than its maximum, wherever its process is killed, and accounts for all of it', async () => {
    const options = { amount: fixedSource(12_345n), policy };
    const whole = await pay(options);
    expect(whole.outcome).toMatchObject({ error: undefined, sent: 12_345n });
    expect(whole.steps).toBeGreaterThan(30);
    let unknown = 0n;
    for (let step = 0; step < whole.steps; step++) {
      const run = await pay(options, step);
      check(run, 12_345n);
      if (run.outcome === undefined) continue;
      expect(run.killed).toBe(1);
      const { sent, unknownOutcome, error } = run.outcome;
      expect(sent + unknownOutcome.amount).toBe(12_345n);
      expect(error?.code).toBe(unknownOutcome.amount === 0n ? undefined : 'OUTCOME_UNKNOWN');
      if (unknownOutcome.amount > unknown) unknown = unknownOutcome.amount;
    }
    // What counts as spent without proof is what was in flight and reserved, and no more.
    if (block === 1) expect(unknown).toBeLessThan(12_345n);
    expect(whole.disk.saves).toBeLessThanOrEqual(Math.ceil(13 / block) + 3);
  });

  it('delivers exactly what is due, to a receiver that keeps totals, wherever its process is killed', async () => {
    const limit = 12_345n;
    const options = { amount: fixedDelivery(limit), policy, details: { limit: 100_000n } };
    const whole = await pay(options);
    expect(whole.outcome).toMatchObject({ error: undefined, delivered: limit });
    let complete = 0;
    for (let step = 0; step < whole.steps; step++) {
      const run = await pay(options, step);
      // 1 % of slippage: 12,345 cost at most 12,470.
      const spent = check(run, 12_470n);
      expect(spent).toBeLessThanOrEqual(limit);
      if (run.outcome === undefined) continue;
      expect(run.outcome.totalReceived).toBeLessThanOrEqual(spent);
      if (run.outcome.error === undefined) {
        expect(spent).toBe(limit);
        complete++;
      } else expect(run.outcome.error.code).toBe('OUTCOME_UNKNOWN');
    }
    // What was reserved and did not leave counts as spent, and 1 % makes up for little of it.
    expect(complete).toBeGreaterThan(0);
  });

  it.each([
    ['a fixed delivery', fixedDelivery(12_345n)],
    ['a fixed source amount', fixedSource(12_345n)],
  ])('completes %s where the receiver is trusted to keep totals', async (_, amount) => {
    const options = { amount, policy, details: { limit: 100_000n }, trustReceiver: true };
    const { steps } = await pay(options);
    for (let step = 0; step < steps; step++) {
      const run = await pay(options, step);
      const { outcome, world } = run;
      if (outcome === undefined) continue;
      expect(outcome.error).toBeUndefined();
      expect(check(run, 12_470n)).toBeGreaterThanOrEqual(12_345n - 124n);
      expect(world.atReceiver.total('fulfilled')).toBeLessThanOrEqual(12_345n);
    }
  });

  it('stays within its maximum when one process after the other is killed', async () => {
    for (let step = 15; step < 40; step++) {
      const run = await pay(
        { amount: fixedSource(123_456n), policy },
        ...Array.from({ length: 12 }, (_, i) => step + ((i * 7) % 11)),
      );
      check(run, 123_456n);
      expect(run.killed).toBeGreaterThan(0);
    }
  });

  it('stays within its maximum over a path that loses packets and repeats them', async () => {
    const faults: LinkFaults = {
      delayMs: [5, 40],
      losePrepare: 0.05,
      loseReply: 0.05,
      duplicate: 0.1,
      timeOutAfterMs: 1_000,
    };
    for (let seed = 1; seed <= 30; seed++) {
      const options = { seed, faults, amount: fixedSource(23_456n), policy };
      const { world, outcome } = await pay(options, 10 + seed, 20 + seed);
      expect(world.atSender.total('fulfilled')).toBeLessThanOrEqual(23_456n);
      if (outcome === undefined) continue;
      expect(outcome.sent).toBeLessThanOrEqual(world.atSender.total('fulfilled'));
      expect(outcome.sent + outcome.unknownOutcome.amount).toBeLessThanOrEqual(23_456n);
    }
  });
});

it('numbers the packets of all its processes without using a number twice', async () => {
  const numbers: number[] = [];
  const { killed, world } = await pay(
    {
      amount: fixedSource(12_345n),
      receiver: (receiver, { sharedSecret }) => {
        const keys = new StreamKeys(sharedSecret);
        return (prepare) => {
          numbers.push(keys.open(decodePrepare(prepare).data)?.sequence ?? 0);
          return receiver(prepare);
        };
      },
    },
    20,
    15,
    25,
  );
  expect(killed).toBe(3);
  expect(numbers.length).toBeGreaterThan(20);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(world.atReceiver.total('fulfilled')).toBeLessThanOrEqual(12_345n);
});

it('loses nothing when it is killed while nothing is in flight, and goes on over a new connection', async () => {
  const world = createWorld({ connectors: [{ maxPacketAmount: 1_000n }] });
  const [first] = world.connectors;
  let saved = '';
  const save = (state: string): void => void (saved = state);
  const amount = fixedSource(20_000n);
  const policy = { progressTimeoutMs: 1_000 };
  const quote = await world.clock.runUntil(quotePayment({ ...world.options, amount, policy }));
  let packets = 0;
  first!.settings.veto = () => (++packets > 7 ? new IlpError('T01', 'gone') : undefined);
  const early = await world.clock.runUntil(payQuote(quote, { save }));
  expect(early).toMatchObject({ sent: 7_000n, error: { code: 'RECEIVER_UNREACHABLE' } });
  first!.settings.veto = () => undefined;

  const later = { ...world.options, save, credentials: world.createCredentials() };
  const resumed = await world.clock.runUntil(resumeQuote(saved, later));
  expect(resumed).toMatchObject({ amount, maxSource: 20_000n, minDelivery: quote.minDelivery });
  const outcome = await world.clock.runUntil(payQuote(resumed));
  expect(outcome).toMatchObject({ error: undefined, sent: 20_000n, delivered: 20_000n });
  expect(outcome.packets.fulfilled).toBe(20);
  expect(world.atReceiver.total('fulfilled')).toBe(20_000n);

  await expect(resumeQuote(saved, later)).rejects.toMatchObject({ code: 'ALREADY_PAID' });
});

describe('a saved payment', () => {
  /** Ended by its signal in the middle. */
  async function stopped(): Promise<{ world: World; saved: string; states: string[] }> {
    const world = createWorld({ connectors: [{ maxPacketAmount: 1_000n }] });
    const states: string[] = [];
    const quote = await world.clock.runUntil(
      quotePayment({ ...world.options, amount: fixedSource(50_000n) }),
    );
    const stop = new AbortController();
    world.clock.setTimeout(() => {
      stop.abort();
    }, 60);
    const save = (state: string): void => void states.push(state);
    await world.clock.runUntil(payQuote(quote, { save, signal: stop.signal }));
    return { world, saved: states.at(-1) ?? '', states };
  }

  it('needs new credentials where its connection was closed', async () => {
    const { world, saved } = await stopped();
    const { send } = world.options;
    const resume = resumeQuote(saved, { send, clock: world.clock, save: () => undefined });
    await expect(resume).rejects.toMatchObject({
      code: 'BAD_STATE',
      message: 'the connection of the saved payment is closed: new credentials are needed',
    });
  });

  it('is refused where a text is none, or a field is out of its range', async () => {
    const { world, saved } = await stopped();
    const good = JSON.parse(saved) as Record<string, unknown>;
    const without = (name: string): string =>
      JSON.stringify(Object.fromEntries(Object.entries(good).filter(([key]) => key !== name)));
    const texts = [
      '',
      '{}',
      '[]',
      'null',
      saved.slice(0, -1),
      ...Object.keys(good).map(without),
      ...Object.keys(good).map((name) => JSON.stringify({ ...good, [name]: -1 })),
      ...Object.keys(good).map((name) => JSON.stringify({ ...good, [name]: 'x' })),
      JSON.stringify({ ...good, lastSequence: 2 ** 31 + 1 }),
      JSON.stringify({ ...good, reserved: { packets: 1, amount: '60000' } }),
      JSON.stringify({ ...good, minimumRate: { numerator: '0', denominator: '1' } }),
    ];
    for (const text of texts) {
      const resume = resumeQuote(text, { ...world.options, save: () => undefined });
      await expect(resume, text).rejects.toMatchObject({ code: 'BAD_STATE' });
    }
  });

  it('is what a payment ends with, exactly, when it stops in order', async () => {
    const { world, saved } = await stopped();
    expect(JSON.parse(saved)).toMatchObject({
      phase: 'closed',
      sent: world.atSender.total('fulfilled').toString(),
      delivered: world.atReceiver.total('fulfilled').toString(),
      reserved: { packets: 0, amount: '0' },
    });
  });

  it('ends the payment where it cannot be saved, before the packet leaves', async () => {
    const world = createWorld({ connectors: [{ maxPacketAmount: 1_000n }] });
    const quote = await world.clock.runUntil(
      quotePayment({ ...world.options, amount: fixedSource(50_000n) }),
    );
    let saves = 0;
    const outcome = await world.clock.runUntil(
      payQuote(quote, {
        save: () => (++saves > 2 ? Promise.reject(new Error('the disk is full')) : undefined),
      }),
    );
    expect(outcome.error).toMatchObject({ code: 'STATE_NOT_SAVED' });
    expect(outcome.error?.cause).toMatchObject({ message: 'the disk is full' });
    expect(outcome.sent).toBeLessThanOrEqual(16_000n);
    expect(outcome.sent).toBe(world.atSender.total('fulfilled'));
  });
});
