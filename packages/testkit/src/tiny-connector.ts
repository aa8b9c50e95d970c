import { parseIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import {
  amountTooLarge,
  decodePrepare,
  decodeReply,
  encodePrepare,
  IlpError,
  isFulfillmentOf,
  PacketType,
  type IlpPacketHandler,
  type IlpPrepare,
} from '@pennyswitch/ilp-packet';
import type { TestClock } from './virtual-clock.js';

/** Outgoing units per incoming unit. */
export interface TestRate {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** What a {@link TinyConnector} does with packets; all of it may be changed while it runs. */
export interface TinyConnectorSettings {
  rate: TestRate;
  /** The largest incoming amount, answered with F08 beyond. */
  maxPacketAmount?: bigint | undefined;
  /** Whether an F08 says what arrived and what is allowed; default true. */
  amountTooLargeData?: boolean;
  /** How much may be in flight at once, in incoming units, answered with T04 beyond. */
  liquidity?: bigint | undefined;
  /** How much earlier the outgoing packet expires, in milliseconds; default 1000. */
  expiryMarginMs?: number;
  /** Looks at each Prepare first: an error that it returns is the answer. */
  veto?: (prepare: IlpPrepare) => IlpError | undefined;
  /** Sees what is forwarded: the bytes of the outgoing Prepare. */
  onForward?: (prepare: Uint8Array) => void;
}

/** A connector in one screen: converts, limits, expires, and checks fulfillments. It keeps no account that it could get wrong. */
export class TinyConnector {
  readonly address: IlpAddress;
  readonly settings: TinyConnectorSettings;
  /** Incoming units in flight now. */
  held = 0n;
  readonly #next: IlpPacketHandler;
  readonly #clock: TestClock;

  constructor(options: {
    readonly address?: string;
    readonly next: IlpPacketHandler;
    readonly clock: TestClock;
    readonly settings?: Partial<TinyConnectorSettings>;
  }) {
    this.address = parseIlpAddress(options.address ?? 'test.connector');
    this.settings = { rate: { numerator: 1n, denominator: 1n }, ...options.settings };
    this.#next = options.next;
    this.#clock = options.clock;
  }

  readonly handle: IlpPacketHandler = async (bytes) => {
    let held = 0n;
    try {
      const prepare = decodePrepare(bytes);
      const outgoing = this.#convert(prepare);
      held = prepare.amount;
      this.held += held;
      return await this.#forward(prepare, outgoing);
    } catch (error) {
      if (error instanceof IlpError) return error.encode(this.address);
      throw error;
    } finally {
      this.held -= held;
    }
  };

  #convert(prepare: IlpPrepare): IlpPrepare {
    const { amount } = prepare;
    const { rate, maxPacketAmount, amountTooLargeData, liquidity } = this.settings;
    const vetoed = this.settings.veto?.(prepare);
    if (vetoed !== undefined) throw vetoed;
    if (maxPacketAmount !== undefined && amount > maxPacketAmount) {
      throw amountTooLargeData === false
        ? new IlpError('F08', 'too large')
        : amountTooLarge({ receivedAmount: amount, maximumAmount: maxPacketAmount });
    }
    if (liquidity !== undefined && this.held + amount > liquidity) {
      throw new IlpError('T04', 'exceeded maximum balance');
    }
    const outgoing = (amount * rate.numerator) / rate.denominator;
    if (amount > 0n && outgoing === 0n) throw new IlpError('R01', 'amount rounds to nothing');
    const expiresAt = prepare.expiresAt.getTime() - (this.settings.expiryMarginMs ?? 1000);
    if (expiresAt <= this.#clock.now()) throw new IlpError('R02', 'expires too soon');
    return { ...prepare, amount: outgoing, expiresAt: new Date(expiresAt) };
  }

  #forward(prepare: IlpPrepare, outgoing: IlpPrepare): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimeout(
        () => reject(new IlpError('R00', 'packet expired')),
        outgoing.expiresAt.getTime() - this.#clock.now(),
      );
      const forwarded = encodePrepare(outgoing);
      this.settings.onForward?.(forwarded);
      this.#next(forwarded).then(
        (bytes) => {
          this.#clock.clearTimeout(timer);
          const fault = findReplyFault(bytes, prepare.executionCondition);
          if (fault === undefined) resolve(bytes);
          else reject(fault);
        },
        () => reject(new IlpError('T01', 'peer unreachable')),
      );
    });
  }
}

function findReplyFault(bytes: Uint8Array, condition: Uint8Array): IlpError | undefined {
  try {
    const reply = decodeReply(bytes);
    return reply.type === PacketType.reject || isFulfillmentOf(reply.fulfillment, condition)
      ? undefined
      : new IlpError('F05', 'wrong fulfillment');
  } catch {
    return new IlpError('T00', 'the reply cannot be read');
  }
}
