import { MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import { nextMoment } from '../connection/deadline.js';
import { MONEY_STREAM_ID, type SendingConnection } from '../connection/sending-connection.js';
import { reactionTo } from '../connection/retry.js';
import type { CancelReason, Draft, Outcome, Task } from '../connection/task.js';
import type { RandomBytes } from '../environment.js';
import type { StreamFrame } from '../frames.js';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { ceilOver } from '../ratio.js';
import { explainCancel, explainFailure, findRemoteFault, type Failure } from './failure.js';
import { PaymentError } from './payment-error.js';

/** How much is to be probed for: what the payment sends, or delivers. */
export interface ProbeTarget {
  /** Source units; undefined where only the rate will tell. */
  readonly source: bigint | undefined;
  /** Destination units of a payment with a fixed delivery. */
  readonly delivery: bigint | undefined;
}

/** A client that cannot receive says so with an empty address; some receivers understand only one that leads nowhere. */
const NOWHERE = parseIlpAddress('private.SEND_ONLY_CLIENT');
/** How many introductions are sent at most: each kind, and some that get lost. */
const MAX_INTRODUCTIONS = 6;
/** A packet without an answer for so many milliseconds may be lost: it keeps no other one from being sent. */
const REPEAT_AFTER_MS = 1_000;
/** Largest probe, in digits, where nothing says how much the payment will send. */
const MAX_UNKNOWN_DIGITS = 11;

/**
 * Gets to know the receiver and the rate before money moves: a packet without money opens the connection and asks for the
 * receiver's asset and limits, then packets that nobody can fulfill show what arrives of different amounts. Those amounts are
 * random, in the range of the payment's own, and the packets look like money's, so that a connector cannot tell which to
 * treat well.
 */
export class ProbeTask implements Task {
  readonly #connection: SendingConnection;
  readonly #target: () => ProbeTarget;
  readonly #randomBytes: RandomBytes;
  #error: PaymentError | undefined;
  #isDone = false;
  #startedAt: number | undefined;
  #lastSentAt = -Infinity;
  #introductions = 0;
  #introductionsInFlight = 0;
  /** By the receiver itself. */
  #introductionsAnswered = 0;
  /** Probes in flight, and when they were sent. */
  readonly #probes = new Map<Draft, number>();
  #probesSent = 0;
  /** Probes that the receiver itself answered. */
  #answered = 0;
  /** Amounts at and below this round to nothing. */
  #tooSmall = 0n;
  /** No connector lacked liquidity for this. */
  #liquid = MAX_AMOUNT;
  #lastFailure: Failure | undefined;

  /** @param target asked before each probe: what is learned on the way may change it. */
  constructor(
    connection: SendingConnection,
    options: { readonly target: () => ProbeTarget; readonly randomBytes: RandomBytes },
  ) {
    this.#connection = connection;
    this.#target = options.target;
    this.#randomBytes = options.randomBytes;
  }

  /** Why nothing could be learned; undefined where it could. */
  get error(): PaymentError | undefined {
    return this.#error;
  }

  get isFinished(): boolean {
    return this.#isDone || this.#error !== undefined;
  }

  cancel(reason: CancelReason): void {
    this.#error ??= explainCancel(reason);
  }

  deadline(after: number): number | undefined {
    if (this.isFinished || this.#startedAt === undefined) return undefined;
    const end = this.#startedAt + this.#connection.policy.quoteTimeoutMs;
    return nextMoment(after, end, this.#lastSentAt + REPEAT_AFTER_MS);
  }

  handleTime(now: number): void {
    this.#startedAt ??= now;
    if (this.isFinished) return;
    if (now >= this.#startedAt + this.#connection.policy.quoteTimeoutMs) {
      if (this.#connection.path.rate.bounds === undefined) this.#fail();
      else this.#isDone = true;
    }
  }

  next(now: number): Draft | undefined {
    const draft = this.#decide(now);
    if (draft !== undefined) this.#lastSentAt = now;
    return draft;
  }

  #decide(now: number): Draft | undefined {
    if (this.#shouldIntroduce(now)) {
      this.#introductionsInFlight++;
      this.#introductions++;
      return this.#introduction();
    }
    if (this.#knowsRate()) {
      const isKnown = this.#connection.remote.asset !== undefined;
      this.#isDone = isKnown || this.#introductionsInFlight === 0;
      return undefined;
    }
    const { probesInFlight, maxProbes } = this.#connection.policy;
    // After the first round one probe at a time looks where the last ones pointed.
    const width = this.#probesSent < probesInFlight ? probesInFlight : 1;
    if (this.#probesAwaited(now) >= width) return undefined;
    if (this.#probesSent >= maxProbes) {
      if (this.#probes.size === 0) this.#fail();
      return undefined;
    }
    const probe = this.#probe();
    if (probe !== undefined) this.#probes.set(probe, now);
    return probe;
  }

  handleOutcome(draft: Draft, outcome: Outcome, now: number): void {
    const isProbe = !draft.fulfillable;
    if (isProbe) this.#probes.delete(draft);
    else {
      this.#introductionsInFlight--;
      if (outcome.type !== 'unknown' && outcome.reply !== undefined) this.#introductionsAnswered++;
    }
    if (outcome.type === 'unknown') this.#lastFailure = outcome;
    if (outcome.type === 'rejected') {
      const isFromReceiver = outcome.arrived !== undefined;
      if (!isFromReceiver) this.#lastFailure = outcome;
      if (isProbe && isFromReceiver) this.#answered++;
      if (isProbe && (outcome.code === 'R01' || outcome.arrived === 0n)) {
        if (draft.amount > this.#tooSmall) this.#tooSmall = draft.amount;
      }
      // A probe need not use what liquidity there is: far less shows the rate too.
      if (isProbe && outcome.code === 'T04' && draft.amount / 32n < this.#liquid) {
        this.#liquid = draft.amount / 32n;
      }
      if (!isFromReceiver && !outcome.isLocal && reactionTo(outcome.code) === 'stop') this.#fail();
      if (this.#isHopeless(now)) this.#fail();
    }
    this.#error ??= findRemoteFault(this.#connection.remote);
  }

  /** Whether the path refuses whatever is sent. That liquidity lacks shows in the amounts of the probes. */
  #isHopeless(now: number): boolean {
    const { path } = this.#connection;
    const isIdle = this.#probes.size === 0 && this.#introductionsInFlight === 0;
    return isIdle && path.rate.bounds === undefined && path.refusals.isHopeless(0n, now);
  }

  /** Each kind of introduction until it is answered, as long as nobody has named the asset. */
  #shouldIntroduce(now: number): boolean {
    if (this.#connection.remote.asset !== undefined) return false;
    if (this.#introductionsAnswered >= 2 || this.#introductions >= MAX_INTRODUCTIONS) return false;
    return this.#introductionsInFlight === 0 || this.#isImpatient(now);
  }

  /** Whether nothing was heard of what was sent last for so long that it may be lost. */
  #isImpatient(now: number): boolean {
    return now >= this.#lastSentAt + REPEAT_AFTER_MS;
  }

  /** Probes whose answer may be on its way. */
  #probesAwaited(now: number): number {
    let count = 0;
    for (const sentAt of this.#probes.values()) if (now < sentAt + REPEAT_AFTER_MS) count++;
    return count;
  }

  #introduction(): Draft {
    const sourceAddress = this.#introductionsAnswered === 0 ? '' : NOWHERE;
    const frames: StreamFrame[] = [
      { type: 'ConnectionNewAddress', sourceAddress },
      // Opens the stream, so that the receiver says how much it takes: this side takes nothing.
      { type: 'StreamMaxMoney', streamId: MONEY_STREAM_ID, receiveMax: 0n, totalReceived: 0n },
    ];
    return { amount: 0n, minimum: 0n, frames, fulfillable: true };
  }

  #probe(): Draft | undefined {
    const cap = this.#cap();
    if (cap <= this.#tooSmall) {
      if (this.#probes.size === 0) {
        // What keeps larger ones back says why nothing arrives.
        if (this.#liquid <= this.#tooSmall) this.#fail();
        else this.#failTooSmall(cap);
      }
      return undefined;
    }
    const amount = this.#amount(cap);
    const { path } = this.#connection;
    this.#probesSent++;
    const low = path.rate.lowEstimate(amount);
    return {
      amount,
      // As long on the wire as a real minimum would be; what arrives is told either way.
      minimum: low > 0n ? low : amount,
      frames: [{ type: 'StreamMoney', streamId: MONEY_STREAM_ID, shares: amount }],
      fulfillable: false,
    };
  }

  /** The largest amount worth probing. */
  #cap(): bigint {
    const { path } = this.#connection;
    const { source, delivery } = this.#target();
    const low = path.rate.bounds?.low;
    const cap = path.size.trial < this.#liquid ? path.size.trial : this.#liquid;
    if (source !== undefined) return source < cap ? source : cap;
    if (delivery !== undefined && low !== undefined) {
      const enough = ceilOver(delivery, low);
      return enough < cap ? enough : cap;
    }
    const digits = 10n ** BigInt(MAX_UNKNOWN_DIGITS);
    return digits < cap ? digits : cap;
  }

  /**
   * The first probes spread over the orders of magnitude below the cap, so that one of them passes whatever the limits are;
   * later ones are just below it, because the largest packet shows the rate most exactly.
   */
  #amount(cap: bigint): bigint {
    const index = this.#probesSent;
    const floor = this.#tooSmall + 1n;
    const { probesInFlight } = this.#connection.policy;
    if (index === 0 || index >= probesInFlight) {
      const spread = cap / 16n;
      return larger(cap - this.#random(spread + 1n), floor);
    }
    const digits = cap.toString().length;
    const kept = Math.max(1, Math.round((digits * (probesInFlight - index)) / probesInFlight));
    const top = 10n ** BigInt(kept);
    const amount = top / 10n + this.#random(top - top / 10n);
    return larger(amount < cap ? amount : cap, floor);
  }

  /** A random number below a bound, by more bits than the bound has: the bias is too small to be seen. */
  #random(bound: bigint): bigint {
    let value = 0n;
    for (const byte of this.#randomBytes(12)) value = (value << 8n) | BigInt(byte);
    return value % bound;
  }

  #knowsRate(): boolean {
    const { path, policy } = this.#connection;
    const { bounds } = path.rate;
    if (bounds === undefined) return false;
    if (this.#answered < 2 && this.#probes.size > 0) return false;
    const cap = this.#cap();
    if (path.rate.basis >= cap - cap / 16n) return true;
    // So many units arrived of the largest probe: that many digits are known, unless a hop in between rounds more coarsely,
    // which shows only near the amount that packets will have.
    return (
      path.rate.basis >= cap / 4n && path.rate.lowEstimate(path.rate.basis) >= policy.probePrecision
    );
  }

  #fail(): void {
    this.#error ??= explainFailure(this.#lastFailure, 'NO_ANSWER');
  }

  #failTooSmall(cap: bigint): void {
    const isLimit = cap < (this.#target().source ?? cap);
    this.#error ??= new PaymentError(
      isLimit ? 'PACKET_LIMIT_TOO_SMALL' : 'AMOUNT_TOO_SMALL',
      `nothing arrives of a packet of ${this.#tooSmall} units` +
        (isLimit ? ', and larger ones do not pass' : ', and the payment has no more'),
    );
  }
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
