import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Connector } from '../connector.js';
import type { DirectionCounters } from '../account/counters.js';

/** Figures for Prometheus. */
export interface Metrics {
  /** The media type of what {@link render} gives. */
  readonly contentType: string;
  readonly render: () => Promise<string>;
}

/** From what a hop adds on a fast link to the longest that a packet lives, in seconds. */
const LATENCY_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/**
 * What a connector counts. Labels have account, direction, result and error code only, so that their number is bounded whatever
 * peers send. Amounts are exact in the API; here they are floats, as everything in Prometheus.
 * @param registry where to put them; one of their own if missing. An application may have figures of its own there.
 */
export function createMetrics(connector: Connector, registry: Registry = new Registry()): Metrics {
  addPackets(connector, registry);
  addLatency(connector, registry);
  addBooks(connector, registry);
  addNetwork(connector, registry);
  addStore(connector, registry);
  return { contentType: registry.contentType, render: () => registry.metrics() };
}

function addPackets(connector: Connector, registry: Registry): void {
  const registers = [registry];
  new Counter({
    name: 'pennyswitch_packets_total',
    help: 'Packets that got a reply, by result; code is empty for fulfilled ones.',
    labelNames: ['account', 'direction', 'result', 'code'],
    registers,
    collect() {
      this.reset();
      for (const [account, direction, counters] of directionsOf(connector)) {
        this.inc({ account, direction, result: 'fulfilled', code: '' }, counters.fulfilled);
        for (const [code, count] of Object.entries(counters.rejected)) {
          this.inc({ account, direction, result: 'rejected', code }, count);
        }
      }
    },
  });
  new Counter({
    name: 'pennyswitch_packet_amount_total',
    help: 'Amounts of packets that got a reply, in units of the account.',
    labelNames: ['account', 'direction', 'result'],
    registers,
    collect() {
      this.reset();
      for (const [account, direction, counters] of directionsOf(connector)) {
        const { fulfilledAmount, rejectedAmount } = counters;
        this.inc({ account, direction, result: 'fulfilled' }, Number(fulfilledAmount));
        this.inc({ account, direction, result: 'rejected' }, Number(rejectedAmount));
      }
    },
  });
  new Gauge({
    name: 'pennyswitch_packets_in_flight',
    help: 'Packets from an account without a reply; those that start here have an empty account.',
    labelNames: ['account'],
    registers,
    collect() {
      this.reset();
      let local = connector.packetsInFlight().length;
      for (const { id, inFlight } of connector.accounts()) {
        this.set({ account: id }, inFlight);
        local -= inFlight;
      }
      this.set({ account: '' }, local);
    },
  });
}

function* directionsOf(
  connector: Connector,
): Generator<[account: string, direction: string, counters: DirectionCounters]> {
  for (const { id, incoming, outgoing } of connector.accounts()) {
    yield [id, 'incoming', incoming];
    yield [id, 'outgoing', outgoing];
  }
}

function addLatency(connector: Connector, registry: Registry): void {
  const latency = new Histogram({
    name: 'pennyswitch_packet_duration_seconds',
    help: 'From the arrival of a packet to its reply, by the account that it came from; empty for packets that start here.',
    labelNames: ['account', 'result'],
    buckets: LATENCY_BUCKETS,
    registers: [registry],
  });
  connector.on('packet', ({ packet, code, repliedAt }) => {
    const result = code === undefined ? 'fulfilled' : 'rejected';
    latency.observe({ account: packet.from?.id ?? '', result }, (repliedAt - packet.now) / 1000);
  });
  connector.on('accountRemoved', (account) => {
    for (const result of ['fulfilled', 'rejected']) latency.remove({ account, result });
  });
}

function addBooks(connector: Connector, registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'pennyswitch_balance',
    help: 'The book of an account, in its units.',
    labelNames: ['account', 'kind'],
    registers,
    async collect() {
      const balances = await connector.balances();
      this.reset();
      for (const { account, receivable, payable, heldIncoming, heldOutgoing, net } of balances) {
        this.set({ account, kind: 'receivable' }, Number(receivable));
        this.set({ account, kind: 'payable' }, Number(payable));
        this.set({ account, kind: 'held_incoming' }, Number(heldIncoming));
        this.set({ account, kind: 'held_outgoing' }, Number(heldOutgoing));
        this.set({ account, kind: 'net' }, Number(net));
      }
    },
  });
  new Gauge({
    name: 'pennyswitch_settlements_unacknowledged',
    help: 'Settlements that their engine has not acknowledged.',
    labelNames: ['account'],
    registers,
    async collect() {
      const outbox = await connector.settlement.outbox();
      this.reset();
      for (const { id, settles } of connector.accounts()) if (settles) this.set({ account: id }, 0);
      for (const { account } of outbox) this.inc({ account });
    },
  });
  new Gauge({
    name: 'pennyswitch_rate_available',
    help: 'Whether there is a rate between two assets that is not stale.',
    labelNames: ['from', 'to'],
    registers,
    collect() {
      this.reset();
      for (const { from, to, rate } of connector.rates()) {
        this.set({ from, to }, rate === undefined ? 0 : 1);
      }
    },
  });
  const late = new Counter({
    name: 'pennyswitch_late_fulfillments_total',
    help: 'Fulfillments that came too late to count, and are to be reconciled.',
    labelNames: ['account'],
    registers,
  });
  connector.on('lateFulfillment', ({ account }) => {
    late.inc({ account });
  });
  const lost = new Counter({
    name: 'pennyswitch_packets_lost_total',
    help: 'Packets that went out and got no reply, and are to be reconciled.',
    labelNames: ['account'],
    registers,
  });
  connector.on('packetLost', ({ account }) => {
    lost.inc({ account });
  });
}

function addNetwork(connector: Connector, registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'pennyswitch_link_up',
    help: "Whether an account's link is connected.",
    labelNames: ['account'],
    registers,
    collect() {
      this.reset();
      for (const { id, connected } of connector.accounts()) {
        this.set({ account: id }, connected ? 1 : 0);
      }
    },
  });
  const changes = new Counter({
    name: 'pennyswitch_link_changes_total',
    help: 'How often a link came up or went down.',
    labelNames: ['account', 'to'],
    registers,
  });
  connector.on('link', (account, connected) => {
    changes.inc({ account, to: connected ? 'up' : 'down' });
  });
  new Gauge({
    name: 'pennyswitch_routes',
    help: 'Prefixes in the routing table, by where they lead; empty for this node.',
    labelNames: ['account'],
    registers,
    collect() {
      this.reset();
      for (const { nextHop } of connector.routes()) this.inc({ account: nextHop ?? '' });
    },
  });
}

function addStore(connector: Connector, registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'pennyswitch_store_up',
    help: 'Whether the store of balances answers.',
    registers,
    async collect() {
      this.set(
        await connector.checkStore().then(
          () => 1,
          () => 0,
        ),
      );
    },
  });
  for (const name of Object.keys(connector.storeStatistics())) {
    const options = {
      name: `pennyswitch_store_${name}`,
      help: `What the store tells of ${name.replace(/_total$/, '').replaceAll('_', ' ')}.`,
      registers,
    };
    const read = (): number => connector.storeStatistics()[name] ?? 0;
    if (name.endsWith('_total')) {
      new Counter({
        ...options,
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    } else {
      new Gauge({
        ...options,
        collect() {
          this.set(read());
        },
      });
    }
  }
}
