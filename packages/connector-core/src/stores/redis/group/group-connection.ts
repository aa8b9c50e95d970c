import { backoffDelay, type BackoffPolicy } from '../../../backoff.js';
import type { Logger, RandomBytes } from '../../../environment.js';
import { LedgerError, messageOf } from '../../../errors.js';
import { connectToMaster, send, type Client, type ServerOptions } from '../master.js';

/** What a connection is for. */
export interface GroupConnectionOptions extends ServerOptions {
  readonly channels: readonly string[];
  readonly onMessage: (text: string) => void;
  /** Called when there is a connection again; it is in use once this resolves, and given up if it rejects. */
  readonly onConnected: () => Promise<void>;
  readonly randomBytes: RandomBytes;
  readonly logger: Logger;
}

/** Between two attempts to connect. */
const BACKOFF: BackoffPolicy = { firstMs: 50, maxMs: 2000 };

/**
 * Two connections to whichever server is the master, one to ask and one to listen; they come and go together. A command is
 * tried once: whoever sends it knows what to do without an answer.
 */
export class GroupConnection {
  readonly #options: GroupConnectionOptions;
  #clients: readonly Client[] = [];
  #isClosed = false;
  #isConnecting = false;
  #failures = 0;
  #timer: unknown;

  constructor(options: GroupConnectionOptions) {
    this.#options = options;
  }

  /** Connects once. @throws {@link LedgerError} `STORE_UNAVAILABLE`, `STORE_UNREADABLE`. */
  async connect(): Promise<void> {
    const clients: Client[] = [];
    const { channels, onMessage, onConnected } = this.#options;
    this.#isConnecting = true;
    try {
      const asking = await connectToMaster(this.#options);
      clients.push(asking);
      const listening = await connectToMaster(this.#options);
      clients.push(listening);
      await listening.subscribe([...channels], onMessage);
      if (this.#isClosed) throw unavailable('the store is closed');
      this.#clients = clients;
      for (const client of clients) {
        client.on('end', () => {
          this.#lose(clients, 'the connection ended');
        });
        client.on('error', (error: unknown) => {
          this.#lose(clients, messageOf(error));
        });
      }
      await onConnected();
      this.#failures = 0;
    } catch (error) {
      if (this.#clients === clients) this.#clients = [];
      for (const client of clients) destroy(client);
      if (error instanceof LedgerError) throw error;
      throw new LedgerError('STORE_UNAVAILABLE', `no Redis master answers: ${messageOf(error)}`, {
        cause: error,
      });
    } finally {
      this.#isConnecting = false;
    }
  }

  /**
   * Sends a command once.
   * @throws {@link LedgerError} `STORE_UNAVAILABLE`; whether it was done is not known, unless there was {@link isUp no connection}.
   */
  async command(command: readonly string[]): Promise<unknown> {
    const clients = this.#clients;
    const [asking] = clients;
    if (asking?.isReady !== true) throw unavailable('there is no connection to Redis');
    try {
      return await send(asking, command, this.#options);
    } catch (error) {
      this.#lose(clients, messageOf(error));
      throw unavailable(`Redis does not answer: ${messageOf(error)}`);
    }
  }

  /** Whether a command has a chance to be answered. */
  get isUp(): boolean {
    return this.#clients[0]?.isReady === true;
  }

  /** Gives the connection up, because something is wrong with it, and makes another one. */
  renew(reason: string): void {
    this.#lose(this.#clients, reason);
  }

  close(): void {
    this.#isClosed = true;
    this.#options.clock.clearTimeout(this.#timer);
    const clients = this.#clients;
    this.#clients = [];
    for (const client of clients) destroy(client);
  }

  #lose(clients: readonly Client[], reason: string): void {
    if (this.#isClosed || clients.length === 0 || clients !== this.#clients) return;
    this.#options.logger.warn('the other processes are out of reach: Redis does not answer', {
      error: reason,
    });
    this.#clients = [];
    for (const client of clients) destroy(client);
    // Whoever is connecting learns of it and comes back itself.
    if (!this.#isConnecting) this.#comeBack();
  }

  #comeBack(): void {
    const { clock, randomBytes, logger } = this.#options;
    this.#failures += 1;
    const delay = backoffDelay(BACKOFF, this.#failures, randomBytes);
    this.#timer = clock.setTimeout(() => {
      this.connect().catch((error: unknown) => {
        if (this.#isClosed) return;
        if (error instanceof LedgerError && error.code === 'STORE_UNREADABLE') {
          logger.error(error.message);
        }
        this.#comeBack();
      });
    }, delay);
  }
}

function destroy(client: Client): void {
  if (client.isOpen) client.destroy();
}

function unavailable(message: string): LedgerError {
  return new LedgerError('STORE_UNAVAILABLE', message);
}
