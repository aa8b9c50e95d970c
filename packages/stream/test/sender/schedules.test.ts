import {
  encodeFulfill,
  encodeReject,
  decodeReply,
  PacketType,
  type IlpPacketHandler,
} from '@pennyswitch/ilp-packet';
import {
  seededRandom,
  type LinkFaults,
  type SeededRandom,
  type TinyConnectorSettings,
} from '@pennyswitch/testkit';
import {
  payQuote,
  PaymentError,
  quotePayment,
  type PaymentOutcome,
  type Quote,
} from '@pennyswitch/stream';
import { expect, it } from 'vitest';
import { createWorld, type World } from './world.js';

/** How many; more with `SCHEDULES=100000`, one alone with `SEED=123`. */
const COUNT = Number(process.env['SCHEDULES'] ?? 300);
const ONLY = process.env['SEED'];

/** Everything about a run is drawn from its seed: amounts, path, faults, and which kinds of fault there are at all. */
interface Schedule {
  readonly world: World;
  readonly amount: { readonly type: 'fixed-source' | 'fixed-delivery'; readonly amount: bigint };
  readonly slippage: string;
  /** The path is slow and limited, and loses packets only with an answer in time: the payment must succeed. */
  readonly isFair: boolean;
  /** A fault of the path that begins in the middle of the payment. */
  readonly disturb: ((world: World) => void) | undefined;
}

/** @param amount what the whole payment is at this connector, more or less, in its incoming units. */
function drawSettings(random: SeededRandom, amount: bigint): TinyConnectorSettings {
  const scale = 10n ** BigInt(random.int(0, 3));
  const numerator = random.bigint(scale, 30n * scale);
  const denominator = random.chance(0.3) ? numerator : random.bigint(1n, 5n * scale);
  return {
    rate: { numerator, denominator },
    maxPacketAmount: random.chance(0.6) ? amount / random.bigint(1n, 60n) + 10n : undefined,
    amountTooLargeData: random.chance(0.6),
    liquidity: random.chance(0.3) ? amount / random.bigint(1n, 30n) + 10n : undefined,
  };
}

/** The amount is that of the sender with a fixed source amount; with a fixed delivery the limits are only of that order. */
function drawConnectors(random: SeededRandom, amount: bigint): TinyConnectorSettings[] {
  let here = amount;
  return Array.from({ length: random.int(1, 3) }, () => {
    const settings = drawSettings(random, here);
    here = (here * settings.rate.numerator) / settings.rate.denominator;
    return settings;
  });
}

function drawFaults(random: SeededRandom): LinkFaults {
  const delay = random.int(0, 60);
  const faults: LinkFaults = { delayMs: random.chance(0.5) ? [delay, 3 * delay] : delay };
  if (random.chance(0.4)) return faults;
  return {
    ...faults,
    losePrepare: random.chance(0.4) ? 0.05 : 0,
    loseReply: random.chance(0.4) ? 0.05 : 0,
    duplicate: random.chance(0.3) ? 0.1 : 0,
    corruptReply: random.chance(0.2) ? 0.05 : 0,
    ...(random.chance(0.5) ? { timeOutAfterMs: 1_000 } : {}),
  };
}

/** A hop that takes the data out of replies, or swaps them. */
function drawNear(
  random: SeededRandom,
): ((path: IlpPacketHandler) => IlpPacketHandler) | undefined {
  if (!random.chance(0.15)) return undefined;
  return (path) => async (prepare) => {
    const answer = await path(prepare);
    if (!random.chance(0.3)) return answer;
    const reply = decodeReply(answer);
    const data = random.chance(0.5) ? new Uint8Array(0) : random.bytes(60);
    return reply.type === PacketType.fulfill
      ? encodeFulfill({ ...reply, data })
      : encodeReject({ ...reply, data: reply.code === 'F08' ? reply.data : data });
  };
}

export function drawSchedule(seed: number): Schedule {
  const random = seededRandom(seed);
  const faults = drawFaults(random);
  const near = drawNear(random);
  const rateDrops = random.chance(0.15);
  const amount = random.bigint(50_000n, 3_000_000n);
  const connectors = drawConnectors(random, amount);
  const world = createWorld({ seed, connectors, faults, ...(near === undefined ? {} : { near }) });
  const { losePrepare = 0, loseReply = 0, corruptReply = 0, timeOutAfterMs } = faults;
  const isAnswered = losePrepare + loseReply === 0 || timeOutAfterMs !== undefined;
  return {
    world,
    amount: {
      type: random.pick(['fixed-source', 'fixed-delivery']),
      amount,
    },
    slippage: random.pick(['0.01', '0.02', '0.1']),
    isFair: isAnswered && corruptReply === 0 && near === undefined && !rateDrops,
    disturb: rateDrops
      ? ({ connectors: [first] }) => {
          if (first === undefined) return;
          const { numerator, denominator } = first.settings.rate;
          first.settings.rate = { numerator: numerator * 8n, denominator: denominator * 10n };
        }
      : undefined,
  };
}

/** What the books of the auditor say against what the sender reports; undefined where nothing. */
function findFault(schedule: Schedule, quote: Quote, outcome: PaymentOutcome): string | undefined {
  const { world, amount } = schedule;
  const { atSender, atReceiver } = world;
  const sent = atSender.total('fulfilled');
  if (outcome.sent !== sent) return `sent ${outcome.sent}, the auditor saw ${sent}`;
  const listed = outcome.packets.fulfilledAmounts.reduce((sum, next) => sum + next, 0n);
  if (listed !== sent) return `the packets listed make ${listed}, not ${sent}`;
  const mayBeSpent = sent + outcome.unknownOutcome.amount;
  if (mayBeSpent > quote.maxSource) return `${mayBeSpent} may be spent, quoted ${quote.maxSource}`;
  const most = atReceiver.total('fulfilled') + atReceiver.total('open');
  if (outcome.delivered > most) return `delivered ${outcome.delivered}, ${most} arrived`;

  const arrivedBy = new Map<string, bigint>();
  for (const { condition, outcome: fate, amount: arrived } of atReceiver.packets) {
    const before = arrivedBy.get(condition) ?? 0n;
    // A duplicate may arrive at another rate; one of the two was fulfilled to the sender.
    if (fate !== 'rejected' && arrived > before) arrivedBy.set(condition, arrived);
  }
  const { numerator, denominator } = quote.minimumRate;
  const fulfilled = atSender.packets.filter((packet) => packet.outcome === 'fulfilled');
  const largest = fulfilled.reduce((max, { amount }) => (amount > max ? amount : max), 0n);
  let total = 0n;
  for (const packet of fulfilled) {
    const far = arrivedBy.get(packet.condition) ?? -1n;
    const least = (packet.amount * numerator) / denominator;
    total += far;
    // Of dust less may arrive, where the whole still keeps to the rate.
    if (far < least && packet.amount * 16n > largest) {
      return `of ${packet.amount} arrived ${far}, the least is ${least}`;
    }
  }
  const leastTotal = (sent * numerator) / denominator - BigInt(fulfilled.length);
  if (total < leastTotal) return `of ${sent} arrived ${total}, the least is ${leastTotal}`;
  if (outcome.error === undefined) {
    if (outcome.delivered < quote.minDelivery) return 'less than the minimum without an error';
    if (amount.type === 'fixed-source' && quote.maxSource - sent >= quote.leastAmount) {
      return `${quote.maxSource - sent} are left unspent without an error`;
    }
    if (amount.type === 'fixed-delivery') {
      const oneUnit = numerator / denominator + 1n;
      const over = outcome.delivered - amount.amount;
      if (over < 0n || over > 2n * oneUnit + amount.amount / 200n)
        return `delivered ${outcome.delivered}`;
    }
  } else if (schedule.isFair) return `a fair path, and ${outcome.error.message}`;
  return undefined;
}

async function run(seed: number): Promise<string> {
  const schedule = drawSchedule(seed);
  const { world } = schedule;
  const limit = { limitMs: 600_000 };
  let quote: Quote;
  try {
    const { amount, slippage } = schedule;
    quote = await world.clock.runUntil(quotePayment({ ...world.options, amount, slippage }), limit);
  } catch (error) {
    if (!(error instanceof PaymentError)) throw error;
    expect(world.atSender.total('fulfilled')).toBe(0n);
    if (schedule.isFair) throw error;
    return `no quote: ${error.code}`;
  }
  const paying = payQuote(quote);
  if (schedule.disturb !== undefined) {
    await world.clock.advance(150);
    schedule.disturb(world);
  }
  const outcome = await world.clock.runUntil(paying, limit);
  const fault = findFault(schedule, quote, outcome);
  if (fault !== undefined) throw new Error(fault);
  return outcome.error === undefined
    ? 'complete'
    : `${outcome.error.code}${schedule.disturb ? ' after a fall of the rate' : ''}`;
}

it(`keeps its promises in ${COUNT} random schedules, by the books of the auditor`, async () => {
  const results = new Map<string, number>();
  const seeds =
    ONLY === undefined ? Array.from({ length: COUNT }, (_, i) => i + 1) : [Number(ONLY)];
  for (const seed of seeds) {
    try {
      const result = await run(seed);
      results.set(result, (results.get(result) ?? 0) + 1);
    } catch (error) {
      throw new Error(`SEED=${seed} fails: ${error instanceof Error ? error.message : 'unknown'}`, {
        cause: error,
      });
    }
  }
  if (process.env['SCHEDULES'] !== undefined) console.info(Object.fromEntries(results));
  if (ONLY === undefined) expect(results.get('complete') ?? 0).toBeGreaterThan(COUNT / 2);
}, 600_000);
