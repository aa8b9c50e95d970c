/** Ruling: exact books at 4 processes under kills. The long run is `npm run soak -- --store redis`. */
import { describe, expect, test } from 'vitest';
import { hasRedis } from '../src/connector/redis.js';
import { runSoak } from '../src/soak/run.js';

const KILLS = 2;
const missing = hasRedis()
  ? ''
  : ' (skipped: there is no redis-server on this machine; Debian: apt-get install redis-server)';

describe.skipIf(missing !== '')(`four connectors on one Redis${missing}`, () => {
  test('have exact books after kills of connectors and Redis under load', async () => {
    const { directions, kills, faults } = await runSoak({
      store: 'redis',
      processes: 4,
      seed: 453,
      inFlight: 8,
      isOver: (count) => count === KILLS,
      calmMs: { from: 0, to: 300 },
      deadMs: { from: 0, to: 300 },
    });
    expect(faults).toEqual([]);
    expect(kills).toEqual({ connectors: 2, alice: 0, bob: 0, redis: 1 });
    for (const { fulfilled } of Object.values(directions)) expect(fulfilled).toBeGreaterThan(0);
  }, 300_000);
});
