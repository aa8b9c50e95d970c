import { isDeepStrictEqual } from 'node:util';
import {
  ConnectorError,
  fixedSettings,
  type AccountSettings,
  type Connector,
  type Logger,
  type RemoveAccountOptions,
  type SharedTable,
} from '@pennyswitch/connector-core';
import type { AccountConfig, LinkConfig, NodeConfig } from '../config/schema.js';
import { digestOf, readEntry, writeEntry, type AccountEntry } from './account-entry.js';
import { differsInIncomingOnly, type Links } from './links.js';

/** What reading the configuration again did to accounts, in words. */
export interface AccountChanges {
  readonly done: string[];
  readonly failed: string[];
}

/** What the accounts of a node need. */
export interface NodeAccountsOptions {
  readonly connector: Connector;
  readonly links: Links;
  /** What requests made of accounts; where several processes act as one connector, by requests to any of them. */
  readonly table: SharedTable;
  readonly logger: Logger;
}

type Accounts = NodeConfig['accounts'];

/**
 * The accounts of a node: those of its configuration file, and what requests made of them. The connector is made to have
 * these and no others, whichever of the two changes. One change is made at a time.
 */
export class NodeAccounts {
  readonly #options: NodeAccountsOptions;
  /** The links that accounts have, by id. */
  readonly #linkConfigs = new Map<string, LinkConfig>();
  #file: Accounts = {};
  #turn: Promise<unknown> = Promise.resolve();
  #unsubscribe: (() => void) | undefined;

  constructor(options: NodeAccountsOptions) {
    this.#options = options;
    options.connector.on('accountRemoved', (id) => this.#linkConfigs.delete(id));
  }

  /** Adds all accounts, and follows the table from now on. Rejects for one of the file that cannot be. */
  async start(file: Accounts, onProblem: (id: string, error: unknown) => Error): Promise<void> {
    const { table, logger } = this.#options;
    this.#file = file;
    for (const id of this.#ids()) {
      try {
        await this.#makeSo(id, 0);
      } catch (error) {
        if (id in file) throw onProblem(id, error);
        logger.error('an account that a request added cannot be', failure(id, error));
      }
    }
    this.#unsubscribe = table.onChange((ids) => {
      for (const id of ids) this.#follow(id);
    });
  }

  stop(): void {
    this.#unsubscribe?.();
  }

  /** Takes another version of the file. One account that cannot be changed keeps none of the others. */
  reload(file: Accounts, drainMs: number): Promise<AccountChanges> {
    return this.#inTurn(async () => {
      const changes: AccountChanges = { done: [], failed: [] };
      const ids = new Set([...this.#ids(), ...Object.keys(file)]);
      this.#file = file;
      const attempt = async (id: string): Promise<void> => {
        try {
          const what = await this.#makeSo(id, drainMs);
          if (what !== undefined) changes.done.push(`account ${id} ${what}`);
        } catch (error) {
          changes.failed.push(`account ${id}: ${messageOf(error)}`);
        }
      };
      const gone = [...ids].filter((id) => this.#wanted(id) === undefined);
      // Those that go wait for packets under way, all at the same time; what they leave free may be for those that come.
      await Promise.all(gone.map(attempt));
      for (const id of ids) if (!gone.includes(id)) await attempt(id);
      return changes;
    });
  }

  /** Adds an account for a request. @throws {@link ConnectorError} `DUPLICATE_ACCOUNT`, `BAD_SETTING`. */
  add({ id, ...settings }: AccountSettings, link: LinkConfig): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#wanted(id) !== undefined) throw duplicate(id);
      await this.#decide(id, { ...settings, link }, 0);
    });
  }

  /** Changes one for a request. @throws {@link ConnectorError} `UNKNOWN_ACCOUNT`, `BAD_SETTING`. */
  change({ id, ...settings }: AccountSettings): Promise<void> {
    return this.#inTurn(async () => {
      const { link } = this.#require(id);
      // What only a new account can have is no change, and packets under way are not waited for.
      await this.#options.connector.changeAccount({ id, ...settings });
      await this.#decide(id, { ...settings, link }, 0);
    });
  }

  /** Removes one for a request. @throws {@link ConnectorError} `UNKNOWN_ACCOUNT`. */
  remove(id: string, options: RemoveAccountOptions): Promise<void> {
    return this.#inTurn(async () => {
      this.#require(id);
      await this.#record(id, undefined);
      await this.#options.connector.removeAccount(id, options);
    });
  }

  /** Makes an account so here, and then for all; where that is not possible, it is here as it was. */
  async #decide(id: string, account: AccountConfig, drainMs: number): Promise<void> {
    try {
      await this.#makeSo(id, drainMs, account);
      await this.#record(id, account);
    } catch (error) {
      await this.#makeSo(id, drainMs).catch((problem: unknown) => {
        this.#options.logger.error('an account is not as it was before', failure(id, problem));
      });
      throw error;
    }
  }

  /** Tells the table, unless somebody else did meanwhile. */
  async #record(id: string, account: AccountConfig | undefined): Promise<void> {
    const { table } = this.#options;
    const over = digestOf(this.#file[id]);
    const isPlain = account === undefined && over === undefined;
    const text = isPlain ? undefined : writeEntry({ over, account });
    const expect = new Map([[id, table.get(id)]]);
    if (await table.write(new Map([[id, text]]), { expect })) return;
    throw new ConnectorError(
      'DUPLICATE_ACCOUNT',
      `another request to another process has changed the account ${id} at the same time`,
    );
  }

  /** Another process has changed an account, or this one has. */
  #follow(id: string): void {
    const { logger } = this.#options;
    void this.#inTurn(async () => {
      try {
        const what = await this.#makeSo(id, undefined);
        if (what !== undefined) logger.info(`an account was ${what}`, { account: id });
      } catch (error) {
        logger.error('an account cannot be as another process has it', failure(id, error));
      }
    });
  }

  #ids(): Set<string> {
    const { connector, table } = this.#options;
    const there = connector.accounts().map(({ id }) => id);
    const kept = [...table.entries()].map(([id]) => id);
    return new Set([...Object.keys(this.#file), ...kept, ...there]);
  }

  /** The account as file and requests have it; undefined for none. */
  #wanted(id: string): AccountConfig | undefined {
    const inFile = this.#file[id];
    const entry = this.#entryOf(id);
    return entry !== undefined && entry.over === digestOf(inFile) ? entry.account : inFile;
  }

  #entryOf(id: string): AccountEntry | undefined {
    const text = this.#options.table.get(id);
    return text === undefined ? undefined : readEntry(text);
  }

  #require(id: string): AccountConfig {
    const account = this.#isThere(id) ? this.#wanted(id) : undefined;
    if (account !== undefined) return account;
    throw new ConnectorError('UNKNOWN_ACCOUNT', `there is no account ${id}`);
  }

  #isThere(id: string): boolean {
    return this.#options.connector.accounts().some((account) => account.id === id);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Makes an account as it is wanted. @returns what was done, if anything. */
  async #makeSo(
    id: string,
    drainMs: number | undefined,
    wanted: AccountConfig | undefined = this.#wanted(id),
  ): Promise<string | undefined> {
    const { connector, links } = this.#options;
    const draining = drainMs === undefined ? {} : { drainMs };
    if (wanted === undefined) {
      if (!this.#isThere(id)) return undefined;
      await connector.removeAccount(id, draining);
      return 'removed; its book stays';
    }
    if (!this.#isThere(id)) {
      await this.#open(id, wanted);
      return 'added';
    }
    const { link, ...rest } = wanted;
    const settings: AccountSettings = { id, ...rest };
    const current = connector.accountSettings(id);
    const linkNow = this.#linkConfigs.get(id);
    const keepsLink = linkNow !== undefined && differsInIncomingOnly(linkNow, link);
    if (!keepsLink || fixedSettings(current, settings).length > 0) {
      await connector.removeAccount(id, draining);
      try {
        await this.#open(id, wanted);
      } catch (error) {
        if (linkNow !== undefined) await this.#open(id, { ...current, link: linkNow });
        throw error;
      }
      return 'drained and replaced; its book stays';
    }
    const what: string[] = [];
    if (!isDeepStrictEqual(link, linkNow)) {
      links.setIncoming(id, link);
      this.#linkConfigs.set(id, link);
      what.push('has other tokens for its peer');
    }
    if (!isDeepStrictEqual(settings, current)) {
      await connector.changeAccount(settings);
      what.push('changed');
    }
    return what.length === 0 ? undefined : what.join(', ');
  }

  /** Opens an account's link and takes it into service. Rejects with a `ConnectorError` where it cannot be. */
  async #open(id: string, { link, ...settings }: AccountConfig): Promise<void> {
    const { connector, links } = this.#options;
    const opened = links.open(id, link);
    this.#linkConfigs.set(id, link);
    try {
      await connector.addAccount({ ...settings, id }, opened);
    } catch (error) {
      await opened.close();
      this.#linkConfigs.delete(id);
      throw error;
    }
  }
}

function duplicate(id: string): ConnectorError {
  return new ConnectorError('DUPLICATE_ACCOUNT', `there is an account ${id} already`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function failure(id: string, error: unknown): object {
  return { account: id, error: messageOf(error) };
}
