import { MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import type { RateTracker } from '../connection/rate-tracker.js';
import { ceilDivide, ceilOver, floorTimes, type Ratio } from '../ratio.js';
import type { PaymentTotals } from './totals.js';

/** What a payment promises. */
export interface PaymentPlan {
  /** The most that may be spent, in source units. */
  readonly maxSource: bigint;
  /** What must arrive, in destination units, for {@link maxSource}. */
  readonly minDelivery: bigint;
  /** What must arrive of each packet, but for rounding. */
  readonly minimumRate: Ratio;
  /** With a fixed delivery: the payment is complete when so much has arrived. */
  readonly delivery: bigint | undefined;
}

/** What limits the next packet, beside the plan. */
export interface PacketLimits {
  readonly rate: RateTracker;
  /** The largest packet for the path, in source units. */
  readonly packetSize: bigint;
  /** How much value may be in flight in all; undefined for no limit. */
  readonly window: bigint | undefined;
  /** The least source amount of which anything arrives. */
  readonly leastAmount: bigint;
  /** What the receiver takes in total, and has taken, in destination units. */
  readonly receiveMax: bigint;
  readonly totalReceived: bigint;
  /** A packet that was refused because less than its minimum arrived. */
  readonly tooLittle: { readonly amount: bigint; readonly arrived: bigint } | undefined;
}

/** What to do next. */
export type NextPacket =
  | { readonly type: 'send'; readonly amount: bigint; readonly minimum: bigint }
  /** What is in flight decides. */
  | { readonly type: 'wait' }
  /** Everything is spent, or delivered, or what is left rounds to nothing. */
  | { readonly type: 'done' }
  /** The receiver takes no more for now. */
  | { readonly type: 'blocked' }
  /** No packet that the path lets through delivers anything. */
  | { readonly type: 'packet-limit' };

const WAIT: NextPacket = { type: 'wait' };
const DONE: NextPacket = { type: 'done' };
/** A packet so many times smaller than the one that showed the rate may lose much of its value to rounding alone. */
const SMALL = 16n;

/**
 * Decides on the next packet of a payment. What is left is spread evenly over as many packets as it needs, so that there is no
 * tiny one at the end.
 */
export function nextPacket(
  plan: PaymentPlan,
  totals: PaymentTotals,
  limits: PacketLimits,
): NextPacket {
  const isIdle = totals.inFlight.packets === 0;
  const want = wantedAmount(plan, totals, limits);
  if (want === 0n) return isIdle ? DONE : WAIT;
  const receivable = receivableAmount(totals, limits);
  if (receivable === 0n) return isIdle ? { type: 'blocked' } : WAIT;

  const limit = smaller(smaller(limits.packetSize, receivable), MAX_AMOUNT);
  if (limits.packetSize < limits.leastAmount) return isIdle ? { type: 'packet-limit' } : WAIT;
  const share = ceilDivide(want, ceilDivide(want, limit));
  const amount = fitWindow(roundToRate(share, want, limits.rate), totals, limits);
  if (amount === 0n) return WAIT;
  const minimum = minimumFor(amount, plan, totals, limits);
  return minimum === undefined ? WAIT : { type: 'send', amount, minimum };
}

/** How much is still to be sent; 0 where nothing is, or where what is left would round to nothing. */
function wantedAmount(plan: PaymentPlan, totals: PaymentTotals, limits: PacketLimits): bigint {
  const spendable = plan.maxSource - totals.committed;
  if (spendable < limits.leastAmount) return 0n;
  if (plan.delivery === undefined) return spendable;
  if (totals.reckoned >= plan.delivery) return 0n;
  const remaining = plan.delivery - totals.reckoned;
  const rate = limits.rate.likely ?? plan.minimumRate;
  const enough = larger(ceilOver(remaining, rate), limits.leastAmount);
  return smaller(enough, spendable);
}

/** How much may be sent so that it does not exceed what the receiver takes, in source units. */
function receivableAmount(totals: PaymentTotals, limits: PacketLimits): bigint {
  if (limits.receiveMax === MAX_AMOUNT) return MAX_AMOUNT;
  const delivered = totals.delivered - totals.deliveredElsewhere;
  const taken = larger(limits.totalReceived, delivered) + totals.inFlight.expected;
  if (taken >= limits.receiveMax) return 0n;
  const high = limits.rate.bounds?.high;
  const room = limits.receiveMax - taken;
  return high === undefined
    ? room
    : larger(limits.leastAmount, (room * high.denominator) / high.numerator);
}

/**
 * Where the rate is simple (3/2, or 1/1000 between two scales) an amount that its denominator divides loses nothing to
 * rounding. Worth it only where the packet hardly shrinks.
 */
function roundToRate(share: bigint, want: bigint, rate: RateTracker): bigint {
  if (share === want) return share;
  const denominator = rate.likely?.denominator ?? 1n;
  return denominator <= share / 8n ? share - (share % denominator) : share;
}

/** The amount, less where the window is smaller; 0 to wait until it opens. */
function fitWindow(amount: bigint, totals: PaymentTotals, limits: PacketLimits): bigint {
  const { window, leastAmount } = limits;
  if (window === undefined) return amount;
  const { amount: inFlight, packets } = totals.inFlight;
  const room = window > inFlight ? window - inFlight : 0n;
  if (amount <= room) return amount;
  if (packets === 0) return smaller(amount, larger(room, leastAmount));
  // A small part of a packet is not worth the packet: what is in flight will make room.
  return room >= leastAmount && room >= amount / 4n ? room : 0n;
}

/**
 * The least that must arrive of this packet. The minimum rate, rounded down, always; beyond that what makes the sum of all
 * minimums keep pace with the plan, as far as the path is known to deliver it; and of the very last packet whatever is
 * missing. Undefined where that is more than should arrive, but the packets in flight may yet make it less.
 */
function minimumFor(
  amount: bigint,
  plan: PaymentPlan,
  totals: PaymentTotals,
  limits: PacketLimits,
): bigint | undefined {
  const { rate } = limits;
  const floor = smaller(floorTimes(amount, plan.minimumRate), knownYield(amount, limits));
  const spent = totals.committed + amount;
  const isLast = spent === plan.maxSource;
  const due = isLast
    ? plan.minDelivery
    : smaller(plan.minDelivery, floorTimes(spent, plan.minimumRate));
  const missing = due - totals.promised;
  if (missing <= floor) return floor;
  const expected = rate.bounds === undefined ? missing : larger(floor, rate.lowEstimate(amount));
  if (missing <= expected) return missing;
  if (!isLast) return expected;
  return totals.inFlight.packets > 0 ? undefined : missing;
}

/**
 * What is known to arrive of a small packet, where the minimum rate asks for more than rounding leaves. The plan as a whole
 * still holds: what such a packet lacks must have been delivered beyond the plan by others.
 */
function knownYield(amount: bigint, { tooLittle, rate }: PacketLimits): bigint {
  const isKnown = tooLittle?.amount === amount && SMALL * amount <= rate.basis;
  return isKnown ? tooLittle.arrived : MAX_AMOUNT;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
