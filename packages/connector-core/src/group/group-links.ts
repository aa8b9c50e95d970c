import { systemClock, type Clock, type Logger } from '../environment.js';
import { messageOf } from '../errors.js';
import { LinkError, type Link } from '../links/link.js';
import type { ProcessGroup } from './process-group.js';
import type { SharedTable } from './shared-table.js';

/** What sharing links needs. */
export interface GroupLinksOptions {
  readonly group: ProcessGroup;
  readonly clock?: Clock;
  readonly logger: Logger;
}

const TOPIC = 'link';
/** After the others could not be told where a connection is. */
const RETRY_MS = 1_000;

/**
 * Links whose connection ends in one process, for all processes of a group: a packet that has to go over one that ends elsewhere
 * is handed to the process where it ends, which only passes it on; the books are kept where it came from. A table says where
 * each connection is; the newest one counts.
 */
export class GroupLinks {
  readonly #options: Required<GroupLinksOptions>;
  readonly #table: SharedTable;
  readonly #links = new Map<string, GroupLink>();

  private constructor(options: GroupLinksOptions, table: SharedTable) {
    this.#options = { clock: systemClock, ...options };
    this.#table = table;
    const { group } = options;
    group.answer(TOPIC, (account, octets, deadline) => {
      const own = this.#links.get(account)?.own;
      if (own?.isConnected === true) return own.send(octets, { deadline });
      throw notConnected('the connection is not in this process any more');
    });
    table.onChange((accounts) => {
      for (const account of accounts) this.#links.get(account)?.handlePlace();
    });
  }

  /** @throws {@link LedgerError} `STORE_UNAVAILABLE`. */
  static async open(options: GroupLinksOptions): Promise<GroupLinks> {
    return new GroupLinks(options, await options.group.openTable('links'));
  }

  /** The link of an account as it is for all processes, given this process's own end. */
  share(account: string, own: Link): Link {
    const link = new GroupLink(account, own, { ...this.#options, table: this.#table });
    this.#links.set(account, link);
    return {
      get isConnected() {
        return link.isConnected;
      },
      send: (octets, options) => link.send(octets, options),
      setHandler: (handler) => {
        own.setHandler(handler);
      },
      onConnectionChange: (listener) => link.onConnectionChange(listener),
      close: async () => {
        await own.close();
        link.close();
        if (this.#links.get(account) === link) this.#links.delete(account);
      },
    };
  }
}

interface GroupLinkOptions extends Required<GroupLinksOptions> {
  readonly table: SharedTable;
}

/** One of them. */
class GroupLink {
  readonly own: Link;
  readonly #account: string;
  readonly #options: GroupLinkOptions;
  readonly #listeners = new Set<(connected: boolean) => void>();
  readonly #unsubscribe: () => void;
  #wasConnected: boolean;
  #timer: unknown;

  constructor(account: string, own: Link, options: GroupLinkOptions) {
    this.own = own;
    this.#account = account;
    this.#options = options;
    this.#unsubscribe = own.onConnectionChange(() => {
      this.#say();
      this.handlePlace();
    });
    if (own.isConnected) this.#say();
    this.#wasConnected = this.isConnected;
  }

  get isConnected(): boolean {
    return this.own.isConnected || this.#elsewhere() !== undefined;
  }

  async send(octets: Uint8Array, options: { readonly deadline: number }): Promise<Uint8Array> {
    const process = this.own.isConnected ? undefined : this.#elsewhere();
    if (process === undefined) return this.own.send(octets, options);
    const request = { topic: TOPIC, account: this.#account, octets };
    try {
      return await this.#options.group.ask(process, request, options.deadline);
    } catch (error) {
      if (error instanceof LinkError && error.code === 'NOT_CONNECTED') this.#forget(process);
      throw error;
    }
  }

  onConnectionChange(listener: (connected: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The connection may be somewhere else than it was. */
  handlePlace(): void {
    const { isConnected } = this;
    if (isConnected === this.#wasConnected) return;
    this.#wasConnected = isConnected;
    for (const listener of [...this.#listeners]) listener(isConnected);
  }

  close(): void {
    this.#unsubscribe();
    this.#options.clock.clearTimeout(this.#timer);
    this.#say();
  }

  /** The other process that has the connection. */
  #elsewhere(): string | undefined {
    const { table, group } = this.#options;
    const process = table.get(this.#account);
    return process === group.processId ? undefined : process;
  }

  /** Tells the others whether the connection is here, until they know. */
  #say(): void {
    const { clock, group, logger } = this.#options;
    const { processId } = group;
    clock.clearTimeout(this.#timer);
    const told = this.own.isConnected ? this.#write(processId) : this.#write(undefined, processId);
    told.catch((error: unknown) => {
      logger.warn('the other processes do not know where a link ends', {
        account: this.#account,
        error: messageOf(error),
      });
      this.#timer = clock.setTimeout(() => {
        this.#say();
      }, RETRY_MS);
    });
  }

  /** A process that is not there, or has not got the connection, is asked no more. */
  #forget(process: string): void {
    this.#write(undefined, process).catch(() => undefined);
  }

  #write(place: string | undefined, expected?: string): Promise<boolean> {
    const { table } = this.#options;
    const options = expected === undefined ? {} : { expect: new Map([[this.#account, expected]]) };
    return table.write(new Map([[this.#account, place]]), options);
  }
}

function notConnected(message: string): LinkError {
  return new LinkError('NOT_CONNECTED', 'no', message);
}
