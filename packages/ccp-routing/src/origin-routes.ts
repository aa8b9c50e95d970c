import {
  childAddress,
  MAX_ADDRESS_LENGTH,
  type IlpAddress,
  type IlpAddressPrefix,
} from '@pennyswitch/ilp-address';
import type { CcpAccount } from './account.js';
import { originAuth, packAuth } from './auth.js';
import type { RouteStore } from './route-store.js';

/** The routes that start at this node: to itself, to its children, and what an operator configured. */
export class OriginRoutes {
  readonly #store: RouteStore;
  readonly #secret: Uint8Array;
  #own: IlpAddress | undefined;

  /** @param secret authenticates these routes. */
  constructor(store: RouteStore, secret: Uint8Array) {
    this.#store = store;
    this.#secret = secret;
  }

  get own(): IlpAddress | undefined {
    return this.#own;
  }

  /** Moves this node, and with it its children, to another address. */
  setOwn(own: IlpAddress | undefined, accounts: readonly CcpAccount[]): void {
    const entry = this.#own && this.#store.table.get(this.#own);
    if (entry !== undefined) this.#store.displace(entry, { source: 'local', account: undefined });
    for (const account of accounts) this.#displaceChild(account);
    this.#own = own;
    this.#store.setOwn(own);
    if (own !== undefined) this.#place(own, 'local', undefined);
    for (const account of accounts) this.#placeChild(account);
  }

  /** Adds what an account's configuration says. */
  addAccount(account: CcpAccount): void {
    for (const prefix of account.staticRoutes) this.addStatic(prefix, account);
    this.#placeChild(account);
  }

  /** Removes all of this that leads to an account. */
  removeAccount(account: CcpAccount): void {
    for (const entry of account.entries) {
      for (const source of ['static', 'local'] as const) {
        this.#store.displace(entry, { source, account });
      }
    }
  }

  addStatic(prefix: IlpAddressPrefix, account: CcpAccount): void {
    this.#place(prefix, 'static', account);
  }

  removeStatic(prefix: IlpAddressPrefix, account: CcpAccount): void {
    const entry = this.#store.table.get(prefix);
    if (entry !== undefined) this.#store.displace(entry, { source: 'static', account });
  }

  #placeChild(account: CcpAccount): void {
    const { childSegment } = account.options;
    if (this.#own === undefined || childSegment === undefined) return;
    // Below so long an address there is no room for this child.
    if (this.#own.length + 1 + childSegment.length > MAX_ADDRESS_LENGTH) return;
    account.childPrefix = childAddress(this.#own, childSegment);
    this.#place(account.childPrefix, 'local', account);
  }

  #displaceChild(account: CcpAccount): void {
    const entry = account.childPrefix && this.#store.table.get(account.childPrefix);
    if (entry !== undefined) this.#store.displace(entry, { source: 'local', account });
    account.childPrefix = undefined;
  }

  #place(
    prefix: IlpAddressPrefix,
    source: 'static' | 'local',
    account: CcpAccount | undefined,
  ): void {
    const auth = packAuth(originAuth(this.#secret, prefix));
    this.#store.place(prefix, {
      source,
      account,
      transit: [],
      origin: undefined,
      auth,
      generation: 0,
    });
  }
}
