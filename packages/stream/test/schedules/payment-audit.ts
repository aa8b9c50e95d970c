import { verifyReceipt, type PaymentOutcome, type Quote } from '@pennyswitch/stream';
import type { AuditedPlace } from '@pennyswitch/testkit';
import type { PaymentSchedule } from './payment-schedule.js';

/** What a payment was to be, and what it says it has become. */
export interface AuditedPayment {
  readonly quote: Quote;
  /** How many packets the quote has sent. */
  readonly quotedWith: number;
  readonly outcome: PaymentOutcome;
}

/** What the books of the auditor say against what the sender and the receiver report; undefined where nothing. */
export function findPaymentFault(
  schedule: PaymentSchedule,
  payment: AuditedPayment,
): string | undefined {
  const { quote, outcome } = payment;
  return (
    findSentFault(schedule, payment) ??
    findRateFault(schedule, quote) ??
    findReceivedFault(schedule, outcome) ??
    findOverpaid(schedule, quote) ??
    findEndFault(schedule, quote, outcome)
  );
}

/** What was spent: exact, and never more than quoted, whatever is unknown included. */
function findSentFault(
  { world }: PaymentSchedule,
  { quote, quotedWith, outcome }: AuditedPayment,
): string | undefined {
  const sent = world.atSender.total('fulfilled');
  if (outcome.sent !== sent) return `sent ${outcome.sent}, the auditor saw ${sent}`;
  const listed = outcome.packets.fulfilledAmounts.reduce((sum, next) => sum + next, 0n);
  if (listed !== sent) return `the packets listed make ${listed}, not ${sent}`;
  const mayBeSpent = sent + outcome.unknownOutcome.amount;
  if (mayBeSpent > quote.maxSource) return `${mayBeSpent} may be spent, quoted ${quote.maxSource}`;
  const open = world.atSender.packets
    .slice(quotedWith)
    .reduce((sum, packet) => (packet.outcome === 'open' ? sum + packet.amount : sum), 0n);
  if (open !== outcome.unknownOutcome.amount) {
    return `${outcome.unknownOutcome.amount} without an answer, the auditor saw ${open}`;
  }
  return undefined;
}

/** What arrived: each packet at the least rate but for rounding, and all of them together. */
function findRateFault({ world }: PaymentSchedule, quote: Quote): string | undefined {
  const { atSender, atReceiver } = world;
  const arrivedBy = new Map<string, bigint>();
  for (const { condition, outcome: fate, amount: arrived } of atReceiver.packets) {
    const before = arrivedBy.get(condition) ?? 0n;
    // A duplicate may arrive at another rate; one of the two was fulfilled to the sender.
    if (fate !== 'rejected' && arrived > before) arrivedBy.set(condition, arrived);
  }
  const { numerator, denominator } = quote.minimumRate;
  const fulfilled = atSender.packets.filter((packet) => packet.outcome === 'fulfilled');
  const largest = fulfilled.reduce((max, { amount }) => (amount > max ? amount : max), 0n);
  let [sent, total] = [0n, 0n];
  for (const packet of fulfilled) {
    const far = arrivedBy.get(packet.condition) ?? -1n;
    const least = (packet.amount * numerator) / denominator;
    sent += packet.amount;
    total += far;
    // Of dust less may arrive, where the whole still keeps to the rate.
    if (far < least && packet.amount * 16n > largest) {
      return `of ${packet.amount} arrived ${far}, the least is ${least}`;
    }
  }
  const leastTotal = (sent * numerator) / denominator - BigInt(fulfilled.length);
  return total < leastTotal ? `of ${sent} arrived ${total}, the least is ${leastTotal}` : undefined;
}

/** What the receiver was told it has, and what it proves to have got. */
function findReceivedFault(
  { world, details }: PaymentSchedule,
  outcome: PaymentOutcome,
): string | undefined {
  const { atReceiver, received } = world;
  const most = atReceiver.total('fulfilled') + atReceiver.total('open');
  if (outcome.delivered > most) return `delivered ${outcome.delivered}, ${most} arrived`;
  const told = received.reduce((sum, { amount }) => sum + amount, 0n);
  if (told > most) return `the receiver was told of ${told}, ${most} arrived`;
  // Packets that the network repeats have one id: who books by it books each packet once.
  const booked = new Set(received.map(({ packetId }) => packetId)).size;
  const conditions = new Set(
    atReceiver.packets.flatMap(({ outcome: fate, amount, condition }) =>
      fate === 'fulfilled' && amount > 0n ? [condition] : [],
    ),
  ).size;
  if (booked !== conditions) return `${booked} packets are booked, ${conditions} were fulfilled`;
  if (details.receipts === undefined || outcome.receipt === undefined) return undefined;
  const receipt = verifyReceipt(outcome.receipt, details.receipts.secret);
  if (receipt === undefined) return 'the receipt is not authentic';
  return receipt.totalReceived > told ? `a receipt for ${receipt.totalReceived}` : undefined;
}

/**
 * What the receiver got, late and unheard of too, is never more than the maximum was worth. What a node on the way says was
 * rejected, and was delivered, is that node's loss.
 */
function findOverpaid({ world, rates }: PaymentSchedule, { maxSource }: Quote): string | undefined {
  const got = paidTotal(world.atSender, world.atReceiver);
  const worth = rates.reduce(
    (amount, { numerator, denominator }) => (amount * numerator) / denominator,
    maxSource,
  );
  return got > worth ? `the receiver got ${got}, and ${worth} is what ${maxSource} buy` : undefined;
}

/** The sum of what was fulfilled at `far`, each packet once, without what was rejected at `near`. */
export function paidTotal(near: AuditedPlace, far: AuditedPlace): bigint {
  const paid = new Set(
    near.packets.flatMap(({ outcome, condition }) =>
      outcome === 'fulfilled' || outcome === 'open' ? [condition] : [],
    ),
  );
  let total = 0n;
  for (const { outcome, condition, amount } of far.packets) {
    if (outcome === 'fulfilled' && paid.delete(condition)) total += amount;
  }
  return total;
}

/** Whether the payment may have ended as it did. */
function findEndFault(
  schedule: PaymentSchedule,
  quote: Quote,
  outcome: PaymentOutcome,
): string | undefined {
  const { amount, isFair } = schedule;
  if (outcome.error !== undefined) {
    return isFair ? `a fair path, and ${outcome.error.message}` : undefined;
  }
  if (outcome.delivered < quote.minDelivery) return 'less than the minimum without an error';
  if (amount.type === 'fixed-source') {
    const left = quote.maxSource - outcome.sent;
    return left >= quote.leastAmount ? `${left} are left unspent without an error` : undefined;
  }
  const { numerator, denominator } = quote.minimumRate;
  const oneUnit = numerator / denominator + 1n;
  const over = outcome.delivered - amount.amount;
  const isMuch = over > 2n * oneUnit + amount.amount / 200n;
  return over < 0n || isMuch ? `delivered ${outcome.delivered}` : undefined;
}
