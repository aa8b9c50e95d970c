/** Our connector between two links of this process: all checks and balances on, as an operator would run it. */
import {
  configuredRates,
  Connector,
  type LedgerStore,
  type Link,
} from '@pennyswitch/connector-core';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';
import { LIMITS } from './limits.js';

/** A link whose other end is a function. */
export class FunctionLink implements Link {
  readonly isConnected = true;
  /** What the connector does with packets from this link. */
  handler: IlpPacketHandler = () => Promise.reject(new Error('no handler yet'));
  readonly #answer: IlpPacketHandler;

  constructor(answer: IlpPacketHandler) {
    this.#answer = answer;
  }

  send(octets: Uint8Array): Promise<Uint8Array> {
    return this.#answer(octets);
  }

  setHandler(handler: IlpPacketHandler): void {
    this.handler = handler;
  }

  onConnectionChange(): () => void {
    return () => undefined;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const nobody: IlpPacketHandler = () => Promise.reject(new Error('nobody sends this way'));

/**
 * @param send carries packets to the next hop.
 * @param store of its books; its own in memory without one.
 */
export async function ours(
  send: IlpPacketHandler,
  store?: LedgerStore,
): Promise<{ handle: IlpPacketHandler; stop: () => Promise<void> }> {
  const connector = new Connector({
    address: parseIlpAddress('g.bench'),
    rates: configuredRates({ pairs: { 'USD/EUR': '0.92' } }),
    spread: '0.002',
    ...(store !== undefined && { store }),
  });
  const incoming = new FunctionLink(nobody);
  await connector.addAccount(
    { id: 'alice', relation: 'child', asset: { code: 'USD', scale: 9 }, limits: LIMITS },
    incoming,
  );
  await connector.addAccount(
    {
      id: 'bob',
      relation: 'peer',
      asset: { code: 'EUR', scale: 9 },
      limits: LIMITS,
      staticRoutes: ['g.bob'],
      sendRoutes: false,
      receiveRoutes: false,
    },
    new FunctionLink(send),
  );
  await connector.start();
  return { handle: (prepare) => incoming.handler(prepare), stop: () => connector.stop() };
}
