/** The independent check: what both peers wrote down against what the connector's books say after all the kills. */
import type { SoakDirection } from './journal.js';
import type { SoakBooks } from './node.js';
import { conditionTextOf } from './packet.js';

/** How long after the end of a packet its record may still be on its way to the store, in milliseconds, while that is there. */
export const RECORD_MS = 2000;

/** Sums of one direction, in units of the sender's account. */
export interface DirectionSums {
  readonly packets: number;
  readonly fulfilled: number;
  /** What the sender has fulfillments for: it owes that. */
  readonly proved: bigint;
  /** What the connector booked. */
  readonly booked: bigint;
  /** What the receiver fulfilled. */
  readonly received: bigint;
  /** Fulfilled packets, not proved to the sender, that the connector could not book and wrote down for reconciliation. */
  readonly reconcilable: number;
  /** Fulfilled packets whose sender or connector was killed before it knew. */
  readonly unknown: number;
  readonly faults: readonly string[];
}

/** A direction's rate, as units in and units out. */
export interface Conversion {
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * @param killedAt when the connector was killed, in milliseconds since 1970: what was under way then it cannot know.
 * @param recordMs how long the record of a packet may take.
 */
export function checkDirection(
  direction: SoakDirection,
  incoming: SoakBooks['accounts'][string],
  outgoing: SoakBooks['accounts'][string],
  { from, to }: Conversion,
  unreconciled: ReadonlySet<string>,
  killedAt: readonly number[],
  recordMs: number = RECORD_MS,
): DirectionSums {
  const faults = [...direction.faults];
  const booked = BigInt(incoming.clearedIncoming);
  let packets = 0;
  let fulfilled = 0;
  let proved = 0n;
  let provedKept = 0n;
  let unknownAmount = 0n;
  let received = 0n;
  let reconcilable = 0;
  let unknown = 0;
  for (const fate of direction.fates()) {
    packets += 1;
    if (fate.isFulfilled) {
      fulfilled += 1;
      proved += fate.sent;
      if (unreconciled.has(conditionTextOf(fate.name))) provedKept += fate.sent;
      if (fate.received === 0n) faults.push(`${fate.name}: a fulfillment that nobody gave`);
    }
    if (fate.received === 0n) continue;
    const inSource = (fate.received * from) / to;
    received += inSource;
    if (inSource !== fate.sent) faults.push(`${fate.name}: ${fate.sent} became ${fate.received}`);
    if (fate.isFulfilled) continue;
    if (unreconciled.has(conditionTextOf(fate.name))) {
      reconcilable += 1;
    } else if (fate.failedAt === undefined || wasNearKill(fate.failedAt, killedAt, recordMs)) {
      unknown += 1;
      unknownAmount += fate.sent;
    } else {
      faults.push(`${fate.name}: rejected, though fulfilled, and nobody wrote it down`);
    }
  }
  // A Fulfill goes back although the store does not answer: if the process dies with the store away, its packet is only kept.
  if (booked < proved - provedKept) {
    faults.push(`booked ${booked}, but ${proved} is proved: money was lost`);
  }
  const most = proved + unknownAmount;
  if (booked > most) faults.push(`booked ${booked}, but at most ${most} moved: money was made`);
  if (BigInt(outgoing.clearedOutgoing) * from !== booked * to) {
    faults.push(`${booked} in and ${outgoing.clearedOutgoing} out do not match`);
  }
  for (const [side, { held }] of Object.entries({ incoming, outgoing })) {
    if (held !== '0') faults.push(`${side}: ${held} is still held`);
  }
  return { packets, fulfilled, proved, booked, received, reconcilable, unknown, faults };
}

/** Whether the connector may have died between the packet's end and its record of it. */
function wasNearKill(time: number, killedAt: readonly number[], recordMs: number): boolean {
  return killedAt.some((killed) => time <= killed && killed <= time + recordMs);
}
