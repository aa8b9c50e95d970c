import {
  Auditor,
  lossyLink,
  seededRandom,
  TinyConnector,
  VirtualClock,
  type AuditedPlace,
  type LinkFaults,
  type LossyLinkOptions,
  type TinyConnectorSettings,
} from '@pennyswitch/testkit';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';
import {
  StreamReceiver,
  type Asset,
  type CredentialDetails,
  type IncomingMoney,
  type PaymentAmount,
  type QuoteOptions,
  type StreamCredentials,
} from '@pennyswitch/stream';

export const USD: Asset = { code: 'USD', scale: 6 };
export const XRP: Asset = { code: 'XRP', scale: 9 };

export const fixedSource = (amount: bigint): PaymentAmount => ({ type: 'fixed-source', amount });
export const fixedDelivery = (amount: bigint): PaymentAmount => ({
  type: 'fixed-delivery',
  amount,
});

export interface WorldOptions {
  readonly seed?: number;
  readonly connectors?: readonly Partial<TinyConnectorSettings>[];
  /** Of the sender's own link and of the receiver's. */
  readonly faults?: LinkFaults | (() => LinkFaults);
  /** Where only one of the two links is a link at all; the other then is nothing but a call. Default both. */
  readonly faultySide?: 'near' | 'far' | 'both';
  /** In place of the receiver. */
  readonly receiver?: (
    receiver: IlpPacketHandler,
    credentials: StreamCredentials,
  ) => IlpPacketHandler;
  /** Between the sender and its first connector. */
  readonly near?: (path: IlpPacketHandler) => IlpPacketHandler;
  readonly asset?: Asset;
  /** What the credentials carry: a limit makes the receiver keep totals. */
  readonly details?: CredentialDetails;
  /** Default: a clock that lets the event loop turn too. */
  readonly clock?: VirtualClock;
  /** Told of every fault of a link. */
  readonly onFault?: LossyLinkOptions['onFault'];
}

/** A sender's path through connectors to one of our receivers, on virtual time, with an auditor at both ends. */
export interface World {
  readonly clock: VirtualClock;
  readonly connectors: readonly TinyConnector[];
  readonly auditor: Auditor;
  /** Before anything can be lost. */
  readonly atSender: AuditedPlace;
  readonly atReceiver: AuditedPlace;
  /** What the receiver's application was told it has received. */
  readonly received: IncomingMoney[];
  /** Credentials for one more connection to the receiver. */
  readonly createCredentials: () => StreamCredentials;
  /** To quote over this path. */
  readonly options: Omit<QuoteOptions, 'amount'>;
}

export function createWorld(options: WorldOptions = {}): World {
  const clock = options.clock ?? new VirtualClock();
  const random = seededRandom(options.seed ?? 1);
  const auditor = new Auditor(() => clock.now());
  const faults = options.faults ?? { delayMs: 10 };
  const received: IncomingMoney[] = [];
  const { onFault } = options;
  const receiver = new StreamReceiver({
    secret: random.bytes(32),
    address: () => parseIlpAddress('test.receiver'),
    asset: options.asset ?? USD,
    onReceived: (money) => void received.push(money),
    clock,
    randomBytes: random.bytes,
  });
  const credentials = receiver.createCredentials(options.details);
  const end = options.receiver?.(receiver.handle, credentials) ?? receiver.handle;
  const far = auditor.watch('receiver', end);
  const link = (side: 'near' | 'far', to: IlpPacketHandler): IlpPacketHandler =>
    (options.faultySide ?? side) === side || options.faultySide === 'both'
      ? lossyLink({ clock, random: random.fork(), faults, to, onFault })
      : to;
  let next = link('far', far.handle);
  const settings = options.connectors ?? [{}];
  const connectors = settings.toReversed().map((setting, index) => {
    const connector = new TinyConnector({
      address: `test.connector${settings.length - index}`,
      next,
      clock,
      settings: setting,
    });
    next = connector.handle;
    return connector;
  });
  next = options.near?.(next) ?? next;
  const near = auditor.watch('sender', link('near', next));
  return {
    clock,
    connectors: connectors.toReversed(),
    auditor,
    atSender: near.place,
    atReceiver: far.place,
    received,
    createCredentials: () => receiver.createCredentials(options.details),
    options: {
      send: near.handle,
      credentials,
      source: { asset: USD },
      clock,
      randomBytes: random.fork().bytes,
    },
  };
}
