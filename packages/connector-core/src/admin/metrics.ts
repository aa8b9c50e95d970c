import type { Connector } from '../connector.js';
import type { DirectionCounters } from '../account/counters.js';

/** The media type of what {@link renderMetrics} writes. */
export const METRICS_CONTENT_TYPE: string = 'text/plain; version=0.0.4; charset=utf-8';

interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly (readonly [labels: Record<string, string>, value: number | bigint])[];
}

/**
 * What a connector counts, in Prometheus's text format. Labels have account, direction and error code only, so that their
 * number is bounded whatever peers send.
 */
export async function renderMetrics(connector: Connector): Promise<string> {
  const accounts = connector.accounts();
  const metrics: Metric[] = [
    {
      name: 'pennyswitch_packets_total',
      type: 'counter',
      help: 'Packets that got a reply, by result; code is empty for fulfilled ones.',
      samples: accounts.flatMap(({ id, incoming, outgoing }) => [
        ...countPackets(id, 'incoming', incoming),
        ...countPackets(id, 'outgoing', outgoing),
      ]),
    },
    {
      name: 'pennyswitch_fulfilled_amount_total',
      type: 'counter',
      help: 'Fulfilled amounts, in units of the account.',
      samples: accounts.flatMap(({ id, incoming, outgoing }) => [
        [{ account: id, direction: 'incoming' }, incoming.fulfilledAmount],
        [{ account: id, direction: 'outgoing' }, outgoing.fulfilledAmount],
      ]),
    },
    {
      name: 'pennyswitch_balance',
      type: 'gauge',
      help: 'The book of an account, in its units.',
      samples: (await connector.balances()).flatMap(({ account, receivable, payable, ...held }) => [
        [{ account, kind: 'receivable' }, receivable],
        [{ account, kind: 'payable' }, payable],
        [{ account, kind: 'held_incoming' }, held.heldIncoming],
        [{ account, kind: 'held_outgoing' }, held.heldOutgoing],
      ]),
    },
    {
      name: 'pennyswitch_link_up',
      type: 'gauge',
      help: "Whether an account's link is connected.",
      samples: accounts.map(({ id, connected }) => [{ account: id }, connected ? 1 : 0]),
    },
    {
      name: 'pennyswitch_packets_in_flight',
      type: 'gauge',
      help: 'Packets without a reply.',
      samples: [[{}, connector.packetsInFlight().length]],
    },
    {
      name: 'pennyswitch_routes',
      type: 'gauge',
      help: 'Prefixes in the routing table.',
      samples: [[{}, connector.routes().length]],
    },
    {
      name: 'pennyswitch_settlements_unacknowledged',
      type: 'gauge',
      help: 'Settlements that their engine has not acknowledged.',
      samples: [[{}, (await connector.settlement.outbox()).length]],
    },
  ];
  return metrics.map(renderMetric).join('');
}

function countPackets(
  account: string,
  direction: 'incoming' | 'outgoing',
  counters: DirectionCounters,
): Metric['samples'] {
  return [
    [{ account, direction, result: 'fulfilled', code: '' }, counters.fulfilled],
    ...Object.entries(counters.rejected).map(
      ([code, count]) => [{ account, direction, result: 'rejected', code }, count] as const,
    ),
  ];
}

/** Account ids, directions and codes need no escaping. */
function renderMetric({ name, type, help, samples }: Metric): string {
  const lines = samples.map(([labels, value]) => {
    const text = Object.entries(labels).map(([label, content]) => `${label}="${content}"`);
    return `${name}${text.length === 0 ? '' : `{${text.join(',')}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}
