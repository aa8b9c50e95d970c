import {
  seededRandom,
  VirtualClock,
  type SeededRandom,
  type TestRate,
  type TinyConnectorSettings,
} from '@pennyswitch/testkit';
import {
  payQuote,
  PaymentError,
  quotePayment,
  type CredentialDetails,
  type PaymentAmount,
  type Quote,
} from '@pennyswitch/stream';
import { createWorld, type World } from '../sender/world.js';
import { FaultLog, type FaultCoverage } from './fault-coverage.js';
import { FaultPlan } from './fault-plan.js';
import { PacketBooks } from './packet-books.js';
import { findPaymentFault } from './payment-audit.js';
import type { ScheduleReport } from './schedule.js';

/** Everything about a payment and its path, drawn from one seed. */
export interface PaymentSchedule {
  readonly world: World;
  readonly books: PacketBooks;
  readonly log: FaultLog;
  readonly details: CredentialDetails;
  readonly amount: PaymentAmount;
  readonly slippage: string;
  /** Nothing is wrong that an honest sender cannot get over: the payment must succeed. */
  readonly isFair: boolean;
  /** Packets get lost. */
  readonly isLossy: boolean;
  /** Of the connectors, at the start. */
  readonly rates: readonly TestRate[];
  /** When the rate falls, in milliseconds after the quote; undefined where it does not. */
  readonly rateFallsAfterMs: number | undefined;
}

const QUOTE_MS = 10_000;
const LIMIT = { limitMs: 600_000 };

function drawRate(random: SeededRandom): TestRate {
  const scale = 10n ** BigInt(random.int(0, 3));
  const numerator = random.bigint(scale, 30n * scale);
  return { numerator, denominator: random.chance(0.3) ? numerator : random.bigint(1n, 5n * scale) };
}

/** Connectors whose limits make many packets of the amount. */
function drawConnectors(
  random: SeededRandom,
  { type, amount }: PaymentAmount,
): TinyConnectorSettings[] {
  const rates = Array.from({ length: random.pick([1, 1, 1, 2]) }, () => drawRate(random));
  // What the whole payment is at each connector, more or less, in its incoming units.
  let here = amount;
  if (type === 'fixed-delivery') {
    for (const { numerator, denominator } of rates) here = (here * denominator) / numerator;
  }
  return rates.map((rate) => {
    const settings = {
      rate,
      maxPacketAmount: random.chance(0.9) ? here / random.bigint(22n, 52n) + 10n : undefined,
      amountTooLargeData: random.chance(0.6),
      liquidity: random.chance(0.2) ? here / random.bigint(4n, 25n) + 10n : undefined,
    };
    here = (here * rate.numerator) / rate.denominator;
    return settings;
  });
}

function drawDetails(random: SeededRandom): CredentialDetails {
  if (!random.chance(0.3)) return {};
  return { receipts: { nonce: random.bytes(16), secret: random.bytes(32) } };
}

export function drawPayment(seed: number, coverage: FaultCoverage): PaymentSchedule {
  const random = seededRandom(seed);
  const clock = new VirtualClock(undefined, { isQuick: true });
  const log = new FaultLog(coverage);
  const plan = new FaultPlan(random, () => clock.now());
  const amount: PaymentAmount = {
    type: random.pick(['fixed-source', 'fixed-delivery']),
    amount: random.bigint(50_000n, 3_000_000n),
  };
  const details = drawDetails(random);
  const rateFalls = random.chance(0.12);
  const world = createWorld({
    seed,
    clock,
    details,
    connectors: drawConnectors(random, amount),
    faults: plan.next,
    faultySide: plan.side,
    onFault: log.note,
  });
  const { options } = world;
  log.setSecret(options.credentials.sharedSecret);
  return {
    world: { ...world, options: { ...options, send: log.watch(options.send) } },
    books: new PacketBooks(world.atSender),
    log,
    details,
    amount,
    slippage: random.pick(['0.01', '0.02', '0.1']),
    isFair: plan.isFair && !rateFalls,
    isLossy: plan.isLossy,
    rates: world.connectors.map(({ settings }) => settings.rate),
    rateFallsAfterMs: rateFalls ? random.int(20, 400) : undefined,
  };
}

/** Runs a payment and compares what it reports with the books. @throws what is wrong. */
export async function runPayment(seed: number, coverage: FaultCoverage): Promise<ScheduleReport> {
  const schedule = drawPayment(seed, coverage);
  const { world, books, log } = schedule;
  const result = await pay(schedule);
  if (books.fault !== undefined) throw new Error(books.fault);
  // Nothing may be left that wakes up again and again.
  await world.clock.run(LIMIT);
  return { result, packets: books.packets, faults: [...log.counts.keys()] };
}

async function pay(schedule: PaymentSchedule): Promise<string> {
  const { world, amount, slippage } = schedule;
  const startedAt = world.clock.now();
  let quote: Quote;
  try {
    const quoting = quotePayment({ ...world.options, amount, slippage });
    quote = await world.clock.runUntil(quoting, LIMIT);
  } catch (error) {
    if (!(error instanceof PaymentError)) throw error;
    if (world.atSender.total('fulfilled') > 0n) {
      throw new Error('money moved without a quote', { cause: error });
    }
    // Where probes get lost the search for the largest packet takes its time, and a quote has ten seconds.
    const isSlow = schedule.isLossy && world.clock.now() >= startedAt + QUOTE_MS;
    if (schedule.isFair && !isSlow)
      throw new Error(`a fair path, and ${error.message}`, { cause: error });
    return `no quote: ${error.code}`;
  }
  const quotedWith = world.atSender.packets.length;
  const paying = payQuote(quote);
  disturb(schedule);
  const outcome = await world.clock.runUntil(paying, LIMIT);
  const fault = findPaymentFault(schedule, { quote, quotedWith, outcome });
  if (fault !== undefined) throw new Error(fault);
  return outcome.error === undefined ? 'complete' : outcome.error.code;
}

/** The first connector takes more than before. */
function disturb({ world, log, rateFallsAfterMs }: PaymentSchedule): void {
  if (rateFallsAfterMs === undefined) return;
  world.clock.setTimeout(() => {
    const [first] = world.connectors;
    if (first === undefined) return;
    const { numerator, denominator } = first.settings.rate;
    first.settings.rate = { numerator: numerator * 8n, denominator: denominator * 10n };
    first.settings.onForward = (prepare) => log.note('rate falls', { prepare });
  }, rateFallsAfterMs);
}
