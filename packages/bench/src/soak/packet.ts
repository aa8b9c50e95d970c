/** What the peers of the soak send each other: packets whose name stands in their data, and whose secret both know. */
import { createHash } from 'node:crypto';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { conditionOf, encodePrepare } from '@pennyswitch/ilp-packet';

/** A packet by its name: `alice-3-17` is the 17th of Alice's third life. */
export interface SoakPacket {
  readonly name: string;
  readonly amount: bigint;
  readonly prepare: Uint8Array;
}

/** 23 EUR for 25 USD: multiples of both are converted without rounding either way, so that sums must agree exactly. */
export const RATE = { usd: 25n, eur: 23n, text: '0.92' } as const;
/** How long a packet may take, in milliseconds. */
export const PACKET_LIFETIME_MS = 4000;

/** The fulfillment of a packet. */
export function fulfillmentOf(name: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`soak ${name}`).digest());
}

/** What names the packet in the connector's records. */
export function conditionTextOf(name: string): string {
  return Buffer.from(conditionOf(fulfillmentOf(name))).toString('hex');
}

/** A packet to the other peer. @param steps its amount in steps of 25 · 23. */
export function makePacket(name: string, to: string, steps: number): SoakPacket {
  const amount = BigInt(steps) * RATE.usd * RATE.eur;
  const prepare = encodePrepare({
    amount,
    expiresAt: new Date(Date.now() + PACKET_LIFETIME_MS),
    executionCondition: conditionOf(fulfillmentOf(name)),
    destination: parseIlpAddress(`g.soak.${to}.x`),
    data: new TextEncoder().encode(name),
  });
  return { name, amount, prepare };
}
