import { ErrorReply } from '@redis/client';
import { backoffDelay, type BackoffPolicy } from '../../backoff.js';
import type { Logger, RandomBytes } from '../../environment.js';
import { LedgerError, messageOf } from '../../errors.js';
import { connectToMaster, send, type Client, type ServerOptions } from './master.js';
import { BATCH_SCRIPT } from './script/index.js';

/** How servers are reached, and what for. */
export interface ConnectionOptions extends ServerOptions {
  /** How many replicas must have a write before it counts. */
  readonly replicas: number;
  readonly prefix: string;
  readonly randomBytes: RandomBytes;
  readonly logger: Logger;
}

/** Between two attempts to connect. */
const BACKOFF: BackoffPolicy = { firstMs: 50, maxMs: 2000 };
/** How long one WAIT waits for replicas, in milliseconds, before it is asked again. */
const WAIT_MS = 100;
/** What a server says that cannot take writes now, but may later, or another may. */
const NOT_NOW =
  /^(READONLY|LOADING|MASTERDOWN|NOREPLICAS|OOM|MISCONF|CLUSTERDOWN|TRYAGAIN|BUSY|NOAUTH|NOPERM|WRONGPASS)\b/;

/** One connection after the other to whichever server is the master. */
export class RedisConnection {
  readonly #options: ConnectionOptions;
  #client: Client | undefined;
  #sha = '';
  #isClosed = false;
  #stopPause: () => void = () => undefined;
  /** Requests that were waited for, connections that were made, and those that failed. */
  roundTrips = 0;
  connections = 0;
  failures = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Whether a request has a chance to be answered soon. */
  get isUp(): boolean {
    return this.#client?.isReady === true;
  }

  /**
   * Connects once to the first server that is the master.
   * @throws {@link LedgerError} `STORE_UNAVAILABLE`, `STORE_UNREADABLE` for a server that forgets what it likes.
   */
  async connect(): Promise<void> {
    try {
      await this.#connected();
    } catch (error) {
      if (error instanceof LedgerError) throw error;
      throw new LedgerError('STORE_UNAVAILABLE', `no Redis master answers: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /**
   * Runs the batch script, on a new connection if the old one is broken, until a server has answered. Done once or more
   * often: the script knows batches that it has seen.
   * @throws {@link LedgerError} `STORE_UNAVAILABLE` once closed; what the script itself fails with.
   */
  async run(key: string, args: readonly string[]): Promise<string> {
    for (let failures = 0; ;) {
      if (this.#isClosed) throw closed();
      try {
        const client = await this.#connected();
        return await this.#runOn(client, key, args);
      } catch (error) {
        if (error instanceof LedgerError) throw error;
        if (error instanceof ErrorReply && !NOT_NOW.test(error.message)) {
          throw new LedgerError('STORE_UNREADABLE', `the script failed: ${error.message}`, {
            cause: error,
          });
        }
        failures += 1;
        this.failures += 1;
        if (failures === 1) {
          this.#options.logger.warn('Redis does not answer', { error: messageOf(error) });
        }
        this.#drop();
        await this.#pause(failures);
      }
    }
  }

  /** Lets go of the connection, now. */
  close(): void {
    this.#isClosed = true;
    this.#drop();
    this.#stopPause();
  }

  /** @throws what the last server said, `LedgerError` where another attempt is of no use. */
  async #connected(): Promise<Client> {
    if (this.#client?.isReady === true) return this.#client;
    this.#drop();
    const client = await connectToMaster(this.#options);
    try {
      await this.#prepare(client);
      if (this.#isClosed) throw closed();
    } catch (error) {
      client.destroy();
      throw error;
    }
    this.connections += 1;
    this.#client = client;
    return client;
  }

  async #prepare(client: Client): Promise<void> {
    const { replicas, prefix } = this.#options;
    this.#sha = String(await this.#send(client, ['SCRIPT', 'LOAD', BATCH_SCRIPT]));
    // WAIT counts from a connection's last write: this one is behind all of earlier connections.
    if (replicas > 0) await this.#send(client, ['SET', `${prefix}:touched`, '1']);
  }

  async #runOn(client: Client, key: string, args: readonly string[]): Promise<string> {
    const { replicas } = this.#options;
    this.roundTrips += 1;
    const reply = this.#send(client, ['EVALSHA', this.#sha, '1', key, ...args]);
    // Goes out with the script: the same round trip.
    const copied = replicas > 0 ? this.#wait(client) : undefined;
    copied?.catch(() => undefined);
    let text: unknown;
    try {
      text = await reply;
    } catch (error) {
      if (!(error instanceof ErrorReply) || !error.message.startsWith('NOSCRIPT')) throw error;
      this.roundTrips += 1;
      text = await this.#send(client, ['EVAL', BATCH_SCRIPT, '1', key, ...args]);
      if (replicas > 0) await this.#waitForAll(client, this.#wait(client));
      return String(text);
    }
    if (copied !== undefined) await this.#waitForAll(client, copied);
    return String(text);
  }

  #wait(client: Client): Promise<unknown> {
    return this.#send(client, ['WAIT', String(this.#options.replicas), String(WAIT_MS)]);
  }

  /** Too few replicas are no failure: nobody is answered until they are enough again. */
  async #waitForAll(client: Client, first: Promise<unknown>): Promise<void> {
    for (let copied = await first; Number(copied) < this.#options.replicas;) {
      if (this.#isClosed) throw closed();
      this.roundTrips += 1;
      copied = await this.#wait(client);
    }
  }

  #send(client: Client, command: readonly string[]): Promise<unknown> {
    return send(client, command, this.#options);
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client?.isOpen === true) client.destroy();
  }

  #pause(failures: number): Promise<void> {
    const { clock, randomBytes } = this.#options;
    return new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, backoffDelay(BACKOFF, failures, randomBytes));
      this.#stopPause = () => {
        clock.clearTimeout(timer);
        resolve();
      };
    });
  }
}

function closed(): LedgerError {
  return new LedgerError('STORE_UNAVAILABLE', 'the store is closed');
}
