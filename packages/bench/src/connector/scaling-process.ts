/**
 * One of several connector processes on one Redis: our connector between links of this process. Each message from the
 * parent is a number of packets to carry; the answer says what they cost. Argument: the server's URL.
 */
import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';
import { RedisLedgerStore } from '@pennyswitch/connector-core/stores/redis';
import { ours } from './ours.js';
import { AMOUNT, IN_FLIGHT, PREFIX, type ProcessReport } from './scaling-report.js';
import { drive, Traffic } from './traffic.js';

const [url = ''] = process.argv.slice(2);
const store = await RedisLedgerStore.open({ url, prefix: PREFIX, timeoutMs: 10_000 });
const traffic = new Traffic(AMOUNT);
const answer: IlpPacketHandler = (prepare) => Promise.resolve(traffic.answer(prepare));
const connector = await ours(answer, store);

function tell(report: ProcessReport): void {
  process.send?.(report);
}

async function carry(packets: number): Promise<void> {
  traffic.renew();
  const cpu = process.cpuUsage();
  const trips = store.statistics()['round_trips_total'] ?? 0;
  await drive(traffic, packets, IN_FLIGHT, connector.handle);
  const { user, system } = process.cpuUsage(cpu);
  const roundTrips = (store.statistics()['round_trips_total'] ?? 0) - trips;
  tell({ cpuMicros: user + system, roundTrips });
}

process.on('message', (packets: number) => void carry(packets));
process.on('disconnect', () => process.exit());
tell({ cpuMicros: 0, roundTrips: 0 });
