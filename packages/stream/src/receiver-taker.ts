import { MAX_AMOUNT, type IlpErrorCode } from '@pennyswitch/ilp-packet';
import { utf8Length } from '@pennyswitch/oer-codec';
import type { Clock, Logger } from './environment.js';
import { StreamErrorCode } from './error-codes.js';
import type { StreamFrame, StreamMoneyFrame } from './frames.js';
import { createReceipt } from './receipt.js';
import type { ReceiverConnection } from './receiver-connections.js';
import { streamIds, unlimitedMoney, type ReceivedFrames } from './receiver-control.js';
import { decideInTime } from './receiver-decision.js';
import { Hold } from './receiver-hold.js';
import { IncomingMoney, type MoneyDecision } from './receiver-money.js';
import type { ReceivedPacket } from './receiver-packet.js';
import { divideByShares } from './receiver-shares.js';
import type { TotalsStore } from './receiver-totals.js';

/** Stands for all streams of a connection in a {@link TotalsStore}; no stream has this id. */
const WHOLE_CONNECTION = 0;

/** The longest reason that a sender is told, in UTF-16 units. */
const MAX_REASON_LENGTH = 500;

/** What a {@link MoneyTaker} asks and tells; StreamReceiverOptions says when. */
export interface MoneyTakerOptions {
  readonly onMoney: (money: IncomingMoney) => MoneyDecision | PromiseLike<MoneyDecision>;
  readonly onReceived: ((money: IncomingMoney) => void) | undefined;
  readonly onUndo: ((money: IncomingMoney) => void) | undefined;
  readonly totals: TotalsStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Whether totals are stored for a connection: only where its limit or its receipts need them. */
export function isCounted({ credentials }: ReceiverConnection): boolean {
  return credentials.limit !== undefined || credentials.receipts !== undefined;
}

/** Takes the money of a packet, or does not; tells the sender how much each stream may receive in either case. */
export class MoneyTaker {
  readonly #options: MoneyTakerOptions;

  constructor(options: MoneyTakerOptions) {
    this.#options = options;
  }

  /** Answers a packet that must not be fulfilled: a probe, or one that lost too much on its way. */
  async refuse(packet: ReceivedPacket, money: readonly StreamMoneyFrame[]): Promise<Uint8Array> {
    await this.tellLimits(packet, money);
    return packet.reject('F99');
  }

  /** Puts into the reply how much each of these streams may receive, and has received. */
  async tellLimits(
    packet: ReceivedPacket,
    streams: readonly { readonly streamId: number }[],
  ): Promise<void> {
    try {
      packet.replyFrames.push(...(await this.#maxMoney(packet.connection, streams)).frames);
    } catch (error) {
      this.#options.logger.error('could not read the totals of a connection', { error });
    }
  }

  /**
   * Answers a packet of money that can be fulfilled. The limit is reserved before the application is asked, streams are
   * counted after it accepted, and whatever fails on the way takes all of it back.
   */
  async take(
    packet: ReceivedPacket,
    frames: ReceivedFrames,
    fulfillment: Uint8Array,
  ): Promise<Uint8Array> {
    const { prepare, connection, request } = packet;
    const { amount, expiresAt } = prepare;
    const { sequence } = request;
    const streams = divideByShares(amount, frames.money);
    if (streams === undefined) {
      return packet.close(StreamErrorCode.ProtocolViolation, 'money without a stream to take it');
    }
    const facts = { amount, streams, sequence, expiresAt, data: frames.data };
    const money = new IncomingMoney(connection, facts);
    const hold = isCounted(connection) ? new Hold(this.#options.totals, connection.id) : undefined;

    const refusal = await this.#ask(packet, money, hold);
    if (refusal !== undefined) {
      await this.#release(hold);
      return refusal;
    }
    const counted = await this.#count(packet, money, hold);
    if (typeof counted === 'string') {
      await this.#release(hold);
      this.#tell(this.#options.onUndo, money);
      return packet.reject(counted);
    }
    packet.replyFrames.push(...counted);
    this.#tell(this.#options.onReceived, money);
    return packet.fulfill(fulfillment);
  }

  /** Reserves the limit and asks the application; undefined where both agree. */
  async #ask(
    packet: ReceivedPacket,
    money: IncomingMoney,
    hold: Hold | undefined,
  ): Promise<Uint8Array | undefined> {
    const { limit } = packet.connection.credentials;
    const { onMoney, onUndo, clock, logger } = this.#options;
    try {
      if (limit !== undefined && hold !== undefined) {
        const total = await hold.add(WHOLE_CONNECTION, money.amount, limit);
        if (total === undefined) return await this.#overLimit(packet, limit);
      }
      const decision = await decideInTime(onMoney, money, clock, (late) => {
        if (late === 'accept') this.#tell(onUndo, money);
      });
      return decision === 'accept' ? undefined : answerRefusal(packet, decision);
    } catch (error) {
      logger.error('could not decide about a packet of money', { error });
      return packet.reject('T00');
    }
  }

  /** Counts accepted money; returns what the sender is told of it, or the code to reject with after all. */
  async #count(
    packet: ReceivedPacket,
    money: IncomingMoney,
    hold: Hold | undefined,
  ): Promise<StreamFrame[] | IlpErrorCode> {
    const { limit = MAX_AMOUNT, receipts } = packet.connection.credentials;
    const frames: StreamFrame[] = hold === undefined ? unlimitedMoney(money.streams) : [];
    if (hold !== undefined) {
      try {
        for (const { streamId, amount } of money.streams) {
          const total = await hold.add(streamId, amount, MAX_AMOUNT);
          if (total === undefined) return 'F99';
          frames.push(maxMoney(streamId, limit, total));
          if (receipts === undefined) continue;
          const receipt = createReceipt(receipts, streamId, total);
          frames.push({ type: 'StreamReceipt', streamId, receipt });
        }
      } catch (error) {
        this.#options.logger.error('could not store the total of a connection', { error });
        return 'T00';
      }
    }
    // The connector takes a Fulfill back that comes after the expiry: then nothing was received.
    return this.#options.clock.now() < money.expiresAt.getTime() ? frames : 'R00';
  }

  /** Answers money beyond the limit: a smaller packet may still fit, unless the limit is reached. */
  async #overLimit(packet: ReceivedPacket, limit: bigint): Promise<Uint8Array> {
    const money = packet.request.frames.filter((frame) => frame.type === 'StreamMoney');
    const { frames, total } = await this.#maxMoney(packet.connection, money);
    packet.replyFrames.push(...frames);
    return total >= limit
      ? packet.close(StreamErrorCode.NoError, 'everything that was asked for is received')
      : packet.reject('F99');
  }

  /** How much each of these streams may receive and has received, and the sum of the latter. */
  async #maxMoney(
    connection: ReceiverConnection,
    money: readonly { readonly streamId: number }[],
  ): Promise<{ frames: StreamFrame[]; total: bigint }> {
    if (!isCounted(connection)) return { frames: unlimitedMoney(money), total: 0n };
    const { limit = MAX_AMOUNT } = connection.credentials;
    const frames: StreamFrame[] = [];
    let sum = 0n;
    for (const streamId of streamIds(money)) {
      const total = (await this.#options.totals.add(connection.id, streamId, 0n, limit)) ?? 0n;
      frames.push(maxMoney(streamId, limit, total));
      sum += total;
    }
    return { frames, total: sum };
  }

  async #release(hold: Hold | undefined): Promise<void> {
    try {
      await hold?.release();
    } catch (error) {
      this.#options.logger.error('could not take back the total of a connection', { error });
    }
  }

  /** Tells the application when the reply is on its way: a process that ends on the news has sent it. */
  #tell(listener: ((money: IncomingMoney) => void) | undefined, money: IncomingMoney): void {
    if (listener === undefined) return;
    const { clock, logger } = this.#options;
    clock.setTimeout(() => {
      try {
        listener(money);
      } catch (error) {
        logger.error('a listener for money failed', { error });
      }
    }, 0);
  }
}

function answerRefusal(
  packet: ReceivedPacket,
  decision: Exclude<MoneyDecision, 'accept'> | 'late',
): Uint8Array {
  if (decision === 'late') return packet.reject('R00');
  return decision.decline === 'final'
    ? packet.close(StreamErrorCode.ApplicationError, writable(decision.reason ?? ''))
    : packet.reject('T99');
}

/** The part of a reason that a frame can carry: the application may have taken it from anywhere. */
function writable(reason: string): string {
  const short = reason.slice(0, MAX_REASON_LENGTH);
  return utf8Length(short) < 0 ? '' : short;
}

function maxMoney(streamId: number, receiveMax: bigint, totalReceived: bigint): StreamFrame {
  return { type: 'StreamMaxMoney', streamId, receiveMax, totalReceived };
}
