import { isDeepStrictEqual } from 'node:util';
import { fixedSettings, type AccountSettings, type Connector } from '@pennyswitch/connector-core';
import type { AccountConfig, LinkConfig, NodeConfig } from '../config/schema.js';
import { differsInIncomingOnly, type Links } from './links.js';

/** What reading the configuration again did to accounts, in words. */
export interface AccountChanges {
  readonly done: string[];
  readonly failed: string[];
}

/** The accounts of a node: those of its configuration, and those that a request added. */
export class NodeAccounts {
  readonly #connector: Connector;
  readonly #links: Links;
  /** The links that accounts have, by id. */
  readonly #linkConfigs = new Map<string, LinkConfig>();
  /** The accounts that the configuration named last. */
  #configured: ReadonlySet<string> = new Set();

  constructor(connector: Connector, links: Links) {
    this.#connector = connector;
    this.#links = links;
    connector.on('accountRemoved', (id) => this.#linkConfigs.delete(id));
  }

  /** Opens the link of an account that is about to be added. */
  open(id: string, config: LinkConfig): ReturnType<Links['open']> {
    const link = this.#links.open(id, config);
    this.#linkConfigs.set(id, config);
    return link;
  }

  /** Adds an account of the configuration. Rejects with a `ConnectorError` where it cannot be. */
  async add(id: string, { link, ...settings }: AccountConfig): Promise<void> {
    const opened = this.open(id, link);
    try {
      await this.#connector.addAccount({ id, ...settings }, opened);
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  /** Remembers which accounts come from the configuration. */
  setConfigured(accounts: NodeConfig['accounts']): void {
    this.#configured = new Set(Object.keys(accounts));
  }

  /**
   * Makes the accounts that the configuration names as it says, and removes those that it named before and does not name any
   * more. Accounts that a request added stay. One account that cannot be changed keeps none of the others.
   */
  async apply(accounts: NodeConfig['accounts'], drainMs: number): Promise<AccountChanges> {
    const changes: AccountChanges = { done: [], failed: [] };
    const attempt = async (id: string, act: () => Promise<string | undefined>): Promise<void> => {
      try {
        const what = await act();
        if (what !== undefined) changes.done.push(`account ${id} ${what}`);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        changes.failed.push(`account ${id}: ${reason}`);
      }
    };
    const gone = [...this.#configured].filter((id) => !(id in accounts) && this.#isThere(id));
    const removals = gone.map((id) =>
      attempt(id, async () => {
        await this.#connector.removeAccount(id, { drainMs });
        return 'removed; its book stays';
      }),
    );
    await Promise.all(removals);
    for (const [id, account] of Object.entries(accounts)) {
      await attempt(id, () => this.#makeSo(id, account, drainMs));
    }
    this.setConfigured(accounts);
    return changes;
  }

  #isThere(id: string): boolean {
    return this.#connector.accounts().some((account) => account.id === id);
  }

  /** @returns what was done, if anything. */
  async #makeSo(id: string, wanted: AccountConfig, drainMs: number): Promise<string | undefined> {
    if (!this.#isThere(id)) {
      await this.add(id, wanted);
      return 'added';
    }
    const { link, ...rest } = wanted;
    const settings: AccountSettings = { id, ...rest };
    const current = this.#connector.accountSettings(id);
    const linkNow = this.#linkConfigs.get(id);
    const keepsLink = linkNow !== undefined && differsInIncomingOnly(linkNow, link);
    if (!keepsLink || fixedSettings(current, settings).length > 0) {
      await this.#connector.removeAccount(id, { drainMs });
      try {
        await this.add(id, wanted);
      } catch (error) {
        if (linkNow !== undefined) await this.add(id, { ...current, link: linkNow });
        throw error;
      }
      return 'drained and replaced; its book stays';
    }
    const what: string[] = [];
    if (!isDeepStrictEqual(link, linkNow)) {
      this.#links.setIncoming(id, link);
      this.#linkConfigs.set(id, link);
      what.push('has other tokens for its peer');
    }
    if (!isDeepStrictEqual(settings, current)) {
      await this.#connector.changeAccount(settings);
      what.push('changed');
    }
    return what.length === 0 ? undefined : what.join(', ');
  }
}
