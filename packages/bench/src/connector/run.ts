/** The connector's figures: `npm run bench -- connector`. */
import { runAccounts } from './accounts.js';
import { Bench } from './btp.js';
import { runDurable } from './durable.js';
import { runLatency } from './latency.js';
import { runMemory } from './memory.js';
import { runScaling } from './scaling.js';
import { runThroughput } from './throughput.js';

export async function run(): Promise<void> {
  await runMemory();
  await runAccounts();
  const bench = new Bench();
  await bench.start();
  const relay = await bench.path('blind relay', 'relay');
  const ours = await bench.path('connector-core', 'connector', 'memory');
  const peer = await bench.path('ilp-connector', 'peer');
  const maximum = await runThroughput(bench, relay, ours, peer);
  await bench.end(peer);
  await runLatency(bench, [await bench.direct(), relay, ours], maximum);
  const durable = await bench.path('on disk', 'connector', 'level');
  await runDurable(bench, ours, durable);
  await bench.stop();
  await runScaling();
}
