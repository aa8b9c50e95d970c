import { MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import type { Asset } from '../asset.js';
import { decodeBase64url, encodeBase64url } from '../base64url.js';
import type { StreamCredentials } from '../credentials.js';
import { SHARED_SECRET_LENGTH } from '../keys.js';
import { MAX_SEQUENCE } from '../packet.js';
import { toRatio } from '../ratio.js';
import type { PaymentPlan } from './next-packet.js';
import { PaymentError } from './payment-error.js';
import type { PaymentAmount } from './quote.js';

/** What has to outlive a process for its payment to be taken up by another one. */
export interface PaymentState {
  readonly amount: PaymentAmount;
  readonly sourceAsset: Asset;
  readonly destinationAsset: Asset | undefined;
  readonly plan: PaymentPlan;
  readonly credentials: StreamCredentials;
  /** No packet had a higher number: 0 to 2^31. */
  readonly lastSequence: number;
  /** Source units of packets that were fulfilled. */
  readonly sent: bigint;
  /** Destination units, proved. */
  readonly delivered: bigint;
  /** How many packets were fulfilled. */
  readonly fulfilled: number;
  /** Packets that may have been sent without their outcome being in this state: at most so many, with so many source units. */
  readonly reserved: { readonly packets: number; readonly amount: bigint };
  /** What of `delivered` went over other connections; undefined where there never was another one. */
  readonly deliveredElsewhere: bigint | undefined;
  /** When the last of the reserved packets expires at the latest, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** `open`: the process ended in the middle. `closed`: the payment ended early, with its connection. `complete`: nothing is left. */
  readonly phase: 'open' | 'closed' | 'complete';
}

const VERSION = 1;
const PHASES: readonly string[] = ['open', 'closed', 'complete'];
const WHOLE_NUMBER = /^\d{1,1000}$/;

/** The state as JSON: one line of text, with the secret of the connection in it. */
export function encodePaymentState(state: PaymentState): string {
  const { amount, plan, credentials, reserved } = state;
  return JSON.stringify({
    version: VERSION,
    phase: state.phase,
    amount: { type: amount.type, amount: amount.amount.toString() },
    sourceAsset: plainAsset(state.sourceAsset),
    destinationAsset: state.destinationAsset ? plainAsset(state.destinationAsset) : null,
    maxSource: plan.maxSource.toString(),
    minDelivery: plan.minDelivery.toString(),
    minimumRate: {
      numerator: plan.minimumRate.numerator.toString(),
      denominator: plan.minimumRate.denominator.toString(),
    },
    destination: credentials.destination,
    sharedSecret: encodeBase64url(credentials.sharedSecret),
    lastSequence: state.lastSequence,
    sent: state.sent.toString(),
    delivered: state.delivered.toString(),
    deliveredElsewhere: state.deliveredElsewhere?.toString() ?? null,
    fulfilled: state.fulfilled,
    reserved: { packets: reserved.packets, amount: reserved.amount.toString() },
    expiresAt: state.expiresAt,
  });
}

/** @throws {@link PaymentError} `BAD_STATE` for a text that {@link encodePaymentState} has not made. */
export function decodePaymentState(text: string): PaymentState {
  try {
    return readState(fieldsOf(JSON.parse(text), 'the state'));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new PaymentError('BAD_STATE', `the saved payment cannot be read: ${message}`, { cause });
  }
}

function readState(fields: Fields): PaymentState {
  if (fields['version'] !== VERSION) {
    throw new TypeError(`it has version ${String(fields['version'])}, not ${VERSION}`);
  }
  const amount = fieldsOf(fields['amount'], 'amount');
  const { type } = amount;
  if (type !== 'fixed-source' && type !== 'fixed-delivery') throw wrong('amount.type');
  const { phase, destinationAsset } = fields;
  if (typeof phase !== 'string' || !PHASES.includes(phase)) throw wrong('phase');
  const units = readAmount(amount, 'amount');
  const reserved = fieldsOf(fields['reserved'], 'reserved');
  const state: PaymentState = {
    amount: { type, amount: units },
    sourceAsset: readAsset(fields['sourceAsset']),
    destinationAsset: destinationAsset === null ? undefined : readAsset(destinationAsset),
    plan: {
      maxSource: readAmount(fields, 'maxSource'),
      minDelivery: readAmount(fields, 'minDelivery'),
      minimumRate: readRate(fieldsOf(fields['minimumRate'], 'minimumRate')),
      delivery: type === 'fixed-delivery' ? units : undefined,
    },
    credentials: readCredentials(fields),
    lastSequence: readCount(fields, 'lastSequence', MAX_SEQUENCE),
    sent: readAmount(fields, 'sent'),
    delivered: readAmount(fields, 'delivered'),
    deliveredElsewhere:
      fields['deliveredElsewhere'] === null ? undefined : readAmount(fields, 'deliveredElsewhere'),
    fulfilled: readCount(fields, 'fulfilled'),
    reserved: {
      packets: readCount(reserved, 'packets'),
      amount: readAmount(reserved, 'amount'),
    },
    expiresAt: readCount(fields, 'expiresAt'),
    phase: phase as PaymentState['phase'],
  };
  if (state.sent + state.reserved.amount > state.plan.maxSource) throw wrong('reserved.amount');
  return state;
}

/** Without whatever else the caller's object has. */
const plainAsset = ({ code, scale }: Asset): Asset => ({ code, scale });

type Fields = Readonly<Record<string, unknown>>;

const wrong = (name: string): TypeError => new TypeError(`${name} is missing or out of its range`);

function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(name);
  return value as Fields;
}

function readWhole(fields: Fields, name: string): bigint {
  const value = fields[name];
  if (typeof value !== 'string' || !WHOLE_NUMBER.test(value)) throw wrong(name);
  return BigInt(value);
}

function readAmount(fields: Fields, name: string): bigint {
  const amount = readWhole(fields, name);
  if (amount > MAX_AMOUNT) throw wrong(name);
  return amount;
}

function readCount(fields: Fields, name: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > max) {
    throw wrong(name);
  }
  return value;
}

function readRate(fields: Fields): PaymentPlan['minimumRate'] {
  const rate = toRatio({
    numerator: readWhole(fields, 'numerator'),
    denominator: readWhole(fields, 'denominator'),
  });
  if (rate.numerator === 0n) throw wrong('minimumRate');
  return rate;
}

function readAsset(value: unknown): Asset {
  const fields = fieldsOf(value, 'asset');
  const { code } = fields;
  if (typeof code !== 'string') throw wrong('asset.code');
  return { code, scale: readCount(fields, 'scale', 255) };
}

function readCredentials(fields: Fields): StreamCredentials {
  const { destination, sharedSecret: text } = fields;
  const sharedSecret = typeof text === 'string' ? decodeBase64url(text) : undefined;
  if (sharedSecret?.length !== SHARED_SECRET_LENGTH) throw wrong('sharedSecret');
  if (typeof destination !== 'string') throw wrong('destination');
  return { destination: parseIlpAddress(destination), sharedSecret };
}
