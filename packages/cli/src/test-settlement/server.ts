import { serve } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import type { TestSettlementConfig } from './config.js';
import { TestSettlement } from './engine.js';

/** A test settlement system that listens. */
export interface RunningTestSettlement {
  /** The base URL; a party's engine is at `<url>/<party>`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts the test settlement system on an HTTP port.
 * @throws the error of `listen`, for example `EADDRINUSE`.
 */
export async function startTestSettlement(
  config: TestSettlementConfig,
  log: (message: string) => void,
): Promise<RunningTestSettlement> {
  const system = new TestSettlement(config, log);
  const { host, port } = config.listen;
  const server = await new Promise<ReturnType<typeof serve>>((resolve, reject) => {
    const starting = serve({ fetch: system.app.fetch, hostname: host, port }, () => {
      starting.off('error', reject);
      resolve(starting);
    });
    starting.once('error', reject);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host}:${address.port}`,
    close: async () => {
      await system.close();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
    },
  };
}
