import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  conditionOf,
  decodePrepare,
  decodeReply,
  encodeFulfill,
  encodePrepare,
  encodeReject,
  type IlpErrorCode,
  type IlpPrepare,
  type IlpReply,
} from '@pennyswitch/ilp-packet';
import { seededRandom, type SeededRandom, VirtualClock } from '@pennyswitch/testkit';
import {
  configuredRates,
  Connector,
  type AccountSettings,
  type ConnectorOptions,
} from '../src/index.js';
import { TestLink, type TestLinkFaults } from './test-link.js';

export const USD = { code: 'USD', scale: 6 };
export const EUR = { code: 'EUR', scale: 6 };
export const XRP = { code: 'XRP', scale: 9 };

/** A packet's preimage travels in its data, so that any receiver can fulfil it. */
export const FULFILLMENT: Uint8Array = Uint8Array.from({ length: 32 }, (_, i) => i);

export interface TestPacket {
  readonly amount?: bigint;
  readonly destination: string;
  readonly expiresInMs?: number;
  readonly fulfillment?: Uint8Array;
}

export function preparePacket(now: number, packet: TestPacket): Uint8Array {
  const fulfillment = packet.fulfillment ?? FULFILLMENT;
  return encodePrepare({
    amount: packet.amount ?? 100n,
    destination: parseIlpAddress(packet.destination),
    expiresAt: new Date(now + (packet.expiresInMs ?? 20_000)),
    executionCondition: conditionOf(fulfillment),
    data: fulfillment,
  });
}

/** Fulfils every packet that carries its preimage. */
export function fulfillAll(bytes: Uint8Array): Promise<Uint8Array> {
  const { data } = decodePrepare(bytes);
  return Promise.resolve(encodeFulfill({ fulfillment: data, data: new Uint8Array([1, 2]) }));
}

export function rejectWith(code: IlpErrorCode): () => Promise<Uint8Array> {
  return () =>
    Promise.resolve(
      encodeReject({
        code,
        triggeredBy: parseIlpAddress('test.far.away'),
        message: 'no',
        data: new Uint8Array([9]),
      }),
    );
}

export const never = (): Promise<Uint8Array> => new Promise(() => undefined);

/** The far end of one account's link. */
export class Peer {
  readonly received: IlpPrepare[] = [];
  readonly receivedBytes: Uint8Array[] = [];
  answer: (bytes: Uint8Array) => Promise<Uint8Array> = fulfillAll;

  constructor(
    readonly link: TestLink,
    readonly clock: VirtualClock,
  ) {
    link.setHandler((bytes) => {
      this.receivedBytes.push(bytes.slice());
      this.received.push(decodePrepare(bytes.slice()));
      return this.answer(bytes);
    });
  }

  sendBytes(bytes: Uint8Array): Promise<Uint8Array> {
    return this.link.send(bytes, { deadline: this.clock.now() + 3_600_000 });
  }

  async send(packet: TestPacket): Promise<IlpReply> {
    return decodeReply(await this.sendBytes(preparePacket(this.clock.now(), packet)));
  }
}

/** Connectors on virtual time. */
export class World {
  readonly clock: VirtualClock = new VirtualClock();
  readonly random: SeededRandom = seededRandom(1);

  connector(options: ConnectorOptions = {}): Connector {
    return new Connector({ clock: this.clock, randomBytes: this.random.bytes, ...options });
  }

  /** Gives a connector an account whose other end the test plays. Route packets are answered, not counted. */
  async peer(
    connector: Connector,
    settings: AccountSettings,
    faults?: () => TestLinkFaults,
  ): Promise<Peer> {
    const [near, far] = TestLink.pair(this.clock, faults);
    const peer = new Peer(far, this.clock);
    await connector.addAccount({ sendRoutes: false, receiveRoutes: false, ...settings }, near);
    return peer;
  }

  /** Joins two connectors. */
  async join(
    a: Connector,
    aSettings: AccountSettings,
    b: Connector,
    bSettings: AccountSettings,
    faults?: () => TestLinkFaults,
  ): Promise<TestLink> {
    const [near, far] = TestLink.pair(this.clock, faults);
    await a.addAccount(aSettings, near);
    await b.addAccount(bSettings, far);
    return near;
  }

  /** Runs the virtual clock until a promise has settled. */
  until<T>(promise: Promise<T>): Promise<T> {
    return this.clock.runUntil(promise);
  }
}

/** One connector, `test.b`, between a sender in USD (scale 6) and a receiver in EUR (scale 6) at 0.92. */
export async function between(
  options: ConnectorOptions = {},
  accounts: { alice?: Partial<AccountSettings>; bob?: Partial<AccountSettings> } = {},
): Promise<{ world: World; connector: Connector; alice: Peer; bob: Peer }> {
  const world = new World();
  const connector = world.connector({
    address: parseIlpAddress('test.b'),
    rates: configuredRates({ pairs: { 'USD/EUR': '0.92' } }),
    ...options,
  });
  const alice = await world.peer(connector, {
    id: 'alice',
    relation: 'child',
    asset: USD,
    ...accounts.alice,
  });
  const bob = await world.peer(connector, {
    id: 'bob',
    relation: 'peer',
    asset: EUR,
    staticRoutes: ['test.bob'],
    ...accounts.bob,
  });
  await connector.start();
  return { world, connector, alice, bob };
}
