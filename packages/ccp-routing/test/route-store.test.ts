import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { expect, it } from 'vitest';
import { BroadcastLog } from '../src/broadcast-log.js';
import { DEFAULT_CCP_POLICY } from '../src/index.js';
import { RouteStore } from '../src/route-store.js';

it('has the log begin again when its epochs run out, and says so', () => {
  let renumbered = 0;
  const log = new BroadcastLog(10, 5);
  const store = new RouteStore(DEFAULT_CCP_POLICY, 1, log, { renumbered: () => renumbered++ });
  const prefix = parseIlpAddress('g.me');
  store.setOwn(prefix);
  for (let i = 0; i < 12; i++) {
    const auth = String.fromCharCode(i).repeat(32);
    store.place(prefix, {
      source: 'local',
      account: undefined,
      transit: [],
      origin: undefined,
      auth,
      generation: 0,
    });
  }
  expect(renumbered).toBe(2);
  expect([...log.since(0)]).toHaveLength(1);
  expect(log.currentEpoch).toBeLessThanOrEqual(5);
});
