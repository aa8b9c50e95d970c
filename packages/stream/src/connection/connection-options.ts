import type { IlpAddress } from '@pennyswitch/ilp-address';
import { MAX_AMOUNT, type IlpPacketHandler } from '@pennyswitch/ilp-packet';
import type { Asset } from '../asset.js';
import {
  silentLogger,
  systemClock,
  type Clock,
  type Logger,
  type RandomBytes,
} from '../environment.js';
import { secureRandomBytes } from '../random.js';
import { isLess, toRatio, type RatioLike } from '../ratio.js';
import type { IncomingMoneyListeners } from './connection-driver.js';
import { StreamConnectionError } from './connection-error.js';
import {
  ASSUMED_CONNECTION_WINDOW,
  DEFAULT_CONNECTION_POLICY,
  FIRST_STREAM_WINDOW,
  type ConnectionPolicy,
} from './connection-policy.js';
import type { ConnectionFacts, ConnectionRole } from './connection-state.js';
import type { RateOptions } from './money-sender.js';
import type { ConnectionEnvironment } from './stream-connection.js';

/** What both ends of a connection are made of. */
export interface ConnectionOptions extends IncomingMoneyListeners {
  /** Sends a Prepare and returns the Fulfill or Reject; it is not to throw. */
  readonly send: IlpPacketHandler;
  /** What this end counts in; told to the other end. */
  readonly asset?: Asset;
  /** What the other end counts in, where that is known from elsewhere; if it says otherwise the connection is closed. */
  readonly remoteAsset?: Asset;
  /**
   * The least that must arrive of a unit that is sent, in units of the other end; every packet demands it. Take it from a
   * source of prices that the connectors on the path do not control. Default: what a first probe shows, less the slippage.
   */
  readonly minimumRate?: RatioLike;
  /** How much worse than the first probe the rate may become; default `0.01`. Without meaning where `minimumRate` is given. */
  readonly slippage?: RatioLike;
  /** How much money each stream takes in total unless it says otherwise; default without limit. */
  readonly receiveMax?: bigint;
  /**
   * Whether this end may go on sending on a stream that the other end has closed; then it must close it too. Default: it
   * closes by itself when what was written has been sent.
   */
  readonly halfOpen?: boolean;
  /** Numbers to work by other than {@link DEFAULT_CONNECTION_POLICY}. */
  readonly policy?: Partial<ConnectionPolicy>;
  readonly clock?: Clock;
  readonly randomBytes?: RandomBytes;
  readonly logger?: Logger;
}

/** What a connection is made of, with the defaults. @throws {@link StreamConnectionError} `INVALID` */
export function connectionFacts(
  options: ConnectionOptions,
  ends: {
    readonly role: ConnectionRole;
    readonly address: IlpAddress | undefined;
    readonly remoteAddress: IlpAddress | undefined;
  },
): ConnectionFacts {
  const policy = { ...DEFAULT_CONNECTION_POLICY, ...options.policy };
  if (
    policy.streamWindow < FIRST_STREAM_WINDOW ||
    policy.connectionWindow < ASSUMED_CONNECTION_WINDOW
  ) {
    throw new StreamConnectionError(
      'INVALID',
      `streamWindow is ${policy.streamWindow} and connectionWindow ${policy.connectionWindow}; ` +
        `they must be ${FIRST_STREAM_WINDOW} and ${ASSUMED_CONNECTION_WINDOW} at least`,
    );
  }
  return {
    ...ends,
    policy,
    asset: options.asset,
    remoteAsset: options.remoteAsset,
    receiveMax: options.receiveMax ?? MAX_AMOUNT,
    isHalfOpen: options.halfOpen ?? false,
  };
}

/** What a connection is driven by, with the defaults. @throws {@link StreamConnectionError} `INVALID` */
export function environmentOf(
  options: ConnectionOptions,
): ConnectionEnvironment & { readonly rate: RateOptions; readonly randomBytes: RandomBytes } {
  const { onMoney, onUndo, minimumRate } = options;
  return {
    send: options.send,
    clock: options.clock ?? systemClock,
    logger: options.logger ?? silentLogger,
    randomBytes: options.randomBytes ?? secureRandomBytes,
    listeners: { ...(onMoney && { onMoney }), ...(onUndo && { onUndo }) },
    rate: {
      minimumRate: minimumRate === undefined ? undefined : readRatio(minimumRate, 'minimumRate'),
      slippage: readSlippage(options.slippage ?? '0.01'),
    },
  };
}

function readSlippage(value: RatioLike): RateOptions['slippage'] {
  const slippage = readRatio(value, 'slippage');
  if (isLess(slippage, { numerator: 1n, denominator: 1n })) return slippage;
  throw new StreamConnectionError('INVALID', 'slippage must be below 1 (100 %)');
}

function readRatio(value: RatioLike, what: string): RateOptions['slippage'] {
  try {
    return toRatio(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new StreamConnectionError('INVALID', `${what}: ${error.message}`, { cause: error });
  }
}
