import { MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import type { Account } from '../account/account.js';
import { isPromise } from '../awaitable.js';
import {
  isShortfall,
  type LedgerEntry,
  type LedgerStore,
  type Leg,
  type Shortfall,
} from '../ledger/ledger-store.js';
import type { Conversions } from '../rate/conversions.js';
import { largestWithin, multiplyFloor } from '../rate/ratio.js';
import { tooLarge } from './arrival-steps.js';
import type { Directed, Priced, Rejection, Reserved, StepFields, Timed } from './context.js';
import type { ForwardingPolicy } from './policy.js';
import { REJECTIONS } from './rejections.js';
import type { Step } from './step.js';

/** T01 while the next hop's link is down (RFC 0027, T01). */
export const link: Step<Directed> = {
  name: 'link',
  run: ({ to }) => (to === undefined || to.link.isConnected ? undefined : REJECTIONS.unreachable),
};

/**
 * Turns the amount into the outgoing account's units: one exact ratio, rounded down once. Nothing stays nothing (STREAM's
 * control packets); something that becomes nothing is R01, and what does not fit is F08 with what would.
 */
export function price(conversions: Conversions): Step<Directed, Priced> {
  return {
    name: 'price',
    run(context) {
      const { amount, from, to } = context;
      if (amount === 0n || from === undefined || to === undefined) {
        return setAmount(context, amount);
      }
      if (from.asset === undefined) return REJECTIONS.incomingNotReady;
      if (to.asset === undefined) return REJECTIONS.notReady;
      const ratio = conversions.find(from.asset, to.asset);
      if (ratio === undefined) return REJECTIONS.noRate;
      const outgoing = multiplyFloor(amount, ratio);
      if (outgoing === 0n) return REJECTIONS.tooLittle;
      const maximum = to.limits.maxOutgoingPacketAmount ?? MAX_AMOUNT;
      if (outgoing > maximum) {
        return { ...tooLarge(amount, largestWithin(maximum, ratio)), anotherWay: true };
      }
      return setAmount(context, outgoing);
    },
  };
}

/** Packets that start or end here are not converted; the account's own limits hold for them too. */
function setAmount(context: Directed, amount: bigint): Rejection | undefined {
  const { from, to } = context;
  if (amount > 0n && from !== undefined && from.asset === undefined) {
    return REJECTIONS.incomingNotReady;
  }
  if (amount > 0n && to !== undefined && to.asset === undefined) return REJECTIONS.notReady;
  const maximum = to?.limits.maxOutgoingPacketAmount;
  if (maximum !== undefined && amount > maximum) {
    return { ...tooLarge(amount, maximum), anotherWay: true };
  }
  (context as Directed & StepFields).outgoingAmount = amount;
  return undefined;
}

/**
 * Makes the packet expire earlier on the way out, and not later than we want to hold money for it. What starts here goes out
 * as its sender wants it; what ends here must be answered early enough to pass the answer back.
 */
export function expiry(policy: ForwardingPolicy): Step<Priced, Timed> {
  return {
    name: 'expiry',
    run(context) {
      const { attemptedAt, expiresAt, from } = context;
      if (expiresAt <= attemptedAt) return REJECTIONS.expired;
      const window = from === undefined ? 0 : policy.minMessageWindowMs;
      const latest = attemptedAt + policy.maxHoldTimeMs;
      const outgoing = from === undefined ? expiresAt : Math.min(expiresAt - window, latest);
      if (outgoing <= attemptedAt || outgoing - attemptedAt < window) {
        return REJECTIONS.expiresTooSoon;
      }
      (context as Priced & StepFields).outgoingExpiresAt = outgoing;
      return undefined;
    },
  };
}

/** T04 above the outgoing account's throughput; stores that many processes share check it when they hold the money. */
export function outgoingThroughput(store: LedgerStore): Step<Timed> {
  return {
    name: 'outgoing-throughput',
    run: ({ to, outgoingAmount, attemptedAt }) =>
      store.limitsThroughput !== true &&
      outgoingAmount > 0n &&
      to?.outgoingBucket?.take(outgoingAmount, attemptedAt) === false
        ? REJECTIONS.outgoingBandwidth
        : undefined,
  };
}

/** Holds the money on both accounts before anything leaves; T04 where a limit forbids it (RFC 0032 "Maximum Balance"). */
export function reserve(store: LedgerStore): Step<Timed, Reserved> {
  return {
    name: 'reserve',
    run(context) {
      const { amount, from, to, outgoingAmount, condition, outgoingExpiresAt: expiresAt } = context;
      const incoming = amount === 0n || from === undefined ? undefined : incomingLeg(from, amount);
      const outgoing =
        outgoingAmount === 0n || to === undefined ? undefined : outgoingLeg(to, outgoingAmount);
      if (incoming === undefined && outgoing === undefined) return undefined;
      const held = store.reserve({ incoming, outgoing, condition, expiresAt });
      return isPromise(held) ? held.then((later) => keep(context, later)) : keep(context, held);
    },
  };
}

function incomingLeg({ id, limits }: Account, amount: bigint): Leg {
  const { maximumBalance: limit, incomingThroughput: throughput, packets } = limits;
  return { account: id, amount, limit, throughput, packets };
}

function outgoingLeg({ id, limits }: Account, amount: bigint): Leg {
  const { minimumBalance: limit, outgoingThroughput: throughput } = limits;
  return { account: id, amount, limit, throughput };
}

const SHORTFALLS: Readonly<Record<Shortfall['shortfall'], Rejection>> = {
  incoming: REJECTIONS.maximumBalance,
  outgoing: REJECTIONS.liquidity,
  packets: REJECTIONS.rateLimited,
  'incoming-throughput': REJECTIONS.moneyBandwidth,
  'outgoing-throughput': REJECTIONS.outgoingBandwidth,
};

function keep(context: Timed, held: LedgerEntry | Shortfall): Rejection | undefined {
  if (isShortfall(held)) return SHORTFALLS[held.shortfall];
  (context as Timed & StepFields).entry = held;
  return undefined;
}
