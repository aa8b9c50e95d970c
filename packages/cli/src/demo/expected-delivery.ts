/**
 * What must have arrived, worked out from the configuration and the sender's own list of packets alone. It shares no
 * code with the connectors, so that a wrong rate or rounding in them cannot also be wrong here.
 */

/** What one connector does to an amount, as its configuration says it. */
export interface Hop {
  /** How many whole units of the outgoing asset one whole unit of the incoming asset buys: a decimal, e.g. `0.92`. */
  readonly rate: string;
  /** The share that the connector keeps, from 0 to 1: a decimal, e.g. `0.005`. */
  readonly spread: string;
  readonly incomingScale: number;
  readonly outgoingScale: number;
}

interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

function decimal(text: string): Fraction {
  const match = /^([0-9]+)(?:\.([0-9]+))?$/.exec(text);
  if (match === null) throw new Error(`${text} is no decimal number`);
  const [, whole = '', decimals = ''] = match;
  return { numerator: BigInt(whole + decimals), denominator: 10n ** BigInt(decimals.length) };
}

/** amount × rate × (1 − spread) × 10^(outgoing − incoming), as one fraction that is rounded down once. */
export function amountAfterHop(amount: bigint, hop: Hop): bigint {
  const rate = decimal(hop.rate);
  const spread = decimal(hop.spread);
  const numerator =
    amount *
    rate.numerator *
    (spread.denominator - spread.numerator) *
    10n ** BigInt(hop.outgoingScale);
  const denominator = rate.denominator * spread.denominator * 10n ** BigInt(hop.incomingScale);
  return numerator / denominator;
}

/** The sum of what each packet leaves after all hops, in units of the last hop's outgoing asset. */
export function expectedDelivery(packetAmounts: readonly bigint[], hops: readonly Hop[]): bigint {
  return packetAmounts
    .map((amount) => hops.reduce(amountAfterHop, amount))
    .reduce((sum, amount) => sum + amount, 0n);
}
