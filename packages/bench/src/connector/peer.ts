/** npm ilp-connector between two accounts, set up as ours is: same limits, a fixed rate, nobody to tell routes to. */
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';
// Not its index, which starts a connector of its own unless a CommonJS module loads it.
import peer from 'ilp-connector/dist/app.js';
import { setOutputStream } from 'ilp-connector/dist/common/log.js';

/** What ilp-connector asks of a plugin. */
export interface PeerPlugin {
  connect(options: object): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
  sendData(data: Buffer): Promise<Buffer>;
  registerDataHandler(handler: (data: Buffer) => Promise<Buffer>): void;
}

/** A plugin whose other end is a function. */
export class FunctionPlugin extends EventEmitter implements PeerPlugin {
  static readonly version = 2;
  /** What the connector does with packets from this account. */
  handler: (data: Buffer) => Promise<Buffer> = () => Promise.reject(new Error('no handler yet'));
  readonly #answer: IlpPacketHandler;

  constructor(answer: IlpPacketHandler) {
    super();
    this.#answer = answer;
  }

  connect(): Promise<void> {
    return Promise.resolve();
  }

  disconnect(): Promise<void> {
    return Promise.resolve();
  }

  isConnected(): boolean {
    return true;
  }

  async sendData(data: Buffer): Promise<Buffer> {
    return Buffer.from(await this.#answer(data));
  }

  registerDataHandler(handler: (data: Buffer) => Promise<Buffer>): void {
    this.handler = handler;
  }

  deregisterDataHandler(): void {}

  sendMoney(): Promise<void> {
    return Promise.resolve();
  }

  registerMoneyHandler(): void {}

  deregisterMoneyHandler(): void {}
}

/** Starts it. @returns how to stop it. */
export async function startPeer(alice: PeerPlugin, bob: PeerPlugin): Promise<() => Promise<void>> {
  // What it logs on its way up is not what is measured here.
  const nowhere = new PassThrough().resume() as unknown as NodeJS.WriteStream;
  setOutputStream(nowhere);
  const account = {
    assetCode: 'USD',
    assetScale: 9,
    maxPacketAmount: String(1n << 40n),
    balance: { minimum: String(-(1n << 62n)), maximum: String(1n << 62n) },
    rateLimit: { refillPeriod: 1000, refillCount: 1_000_000_000, capacity: 1_000_000_000 },
    throughput: {
      refillPeriod: 1000,
      incomingAmount: String(1n << 60n),
      outgoingAmount: String(1n << 60n),
    },
  };
  const app = peer.default({
    env: 'production',
    ilpAddress: 'g.bench',
    backend: 'one-to-one',
    spread: 0.002,
    adminApi: false,
    routes: [{ targetPrefix: 'g.bob', peerId: 'bob' }],
    accounts: {
      alice: { ...account, relation: 'child', plugin: alice },
      bob: { ...account, relation: 'peer', plugin: bob, sendRoutes: false, receiveRoutes: false },
    },
  });
  await app.listen();
  return () => app.shutdown();
}
