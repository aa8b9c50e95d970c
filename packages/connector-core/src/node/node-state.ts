import {
  addressNetwork,
  addressScope,
  isPrefixOf,
  MAX_ADDRESS_LENGTH,
  type IlpAddress,
  type Network,
} from '@pennyswitch/ilp-address';
import type { Account } from '../account/account.js';
import type { Awaitable } from '../awaitable.js';
import { ConnectorError } from '../errors.js';
import type { NodeView } from '../pipeline/arrival-steps.js';
import type { Hop, Incoming, Verdict } from '../pipeline/context.js';

/** What the routing table answers: accounts by id, best first. */
export type FindNextHops = (destination: IlpAddress) => readonly { readonly accountId: string }[];

/** Who has places for packets in flight. */
export type FindLoad = () => Pick<NodeView, 'admit'>;

const HERE: readonly Hop[] = [undefined];
const NOWHERE: readonly Hop[] = [];

/** Who this node is and whom it knows: its address and network, its accounts, and who of them is next for a destination. */
export class NodeState implements NodeView {
  readonly accounts: Map<string, Account> = new Map<string, Account>();
  isAccepting = false;
  hasLocalHandler = false;
  readonly #childrenBySegment = new Map<string, Account>();
  readonly #findNextHops: FindNextHops;
  readonly #load: FindLoad;
  readonly #configuredNetwork: Network | undefined;
  #address: IlpAddress | undefined;
  #network: Network | undefined;

  constructor(options: {
    readonly network: Network | undefined;
    readonly findNextHops: FindNextHops;
    readonly load: FindLoad;
  }) {
    this.#configuredNetwork = options.network;
    this.#network = options.network;
    this.#findNextHops = options.findNextHops;
    this.#load = options.load;
  }

  get address(): IlpAddress | undefined {
    return this.#address;
  }

  get network(): Network | undefined {
    return this.#network;
  }

  admit(context: Incoming): Awaitable<Verdict> {
    return this.#load().admit(context);
  }

  /**
   * Takes an address; the children's ones follow from it at once.
   * @throws {@link ConnectorError} `BAD_SETTING` for an address of the other network (RFC 0034: never on both), one that
   * only a link or a machine knows, or one so long that a child's below it would be none.
   */
  setAddress(address: IlpAddress): void {
    const reach = addressScope(address);
    if (reach === 'peer' || reach === 'node') {
      throw new ConnectorError('BAD_SETTING', `${address} cannot be a node's address (RFC 0015)`);
    }
    const network = addressNetwork(address);
    if (
      network !== undefined &&
      this.#configuredNetwork !== undefined &&
      network !== this.#configuredNetwork
    ) {
      throw new ConnectorError(
        'BAD_SETTING',
        `the address ${address} belongs to the ${network} network, this node runs on the ${this.#configuredNetwork} one`,
      );
    }
    for (const child of this.#childrenBySegment.keys()) {
      if (address.length + 1 + child.length > MAX_ADDRESS_LENGTH) {
        throw new ConnectorError(
          'BAD_SETTING',
          `the address of ${address.length} characters leaves no room for that of the child ${child}`,
        );
      }
    }
    this.#address = address;
    this.#network = network ?? this.#configuredNetwork;
  }

  addAccount(account: Account): void {
    this.accounts.set(account.id, account);
    if (account.relation === 'child') this.#childrenBySegment.set(segmentOf(account), account);
  }

  removeAccount(account: Account): void {
    this.accounts.delete(account.id);
    if (this.childOf(segmentOf(account)) === account) {
      this.#childrenBySegment.delete(segmentOf(account));
    }
  }

  /** The child that has a segment below this node's address. */
  childOf(segment: string): Account | undefined {
    return this.#childrenBySegment.get(segment);
  }

  findHops(destination: IlpAddress): readonly Hop[] {
    if (addressScope(destination) === 'node') return this.hasLocalHandler ? HERE : NOWHERE;
    const own = this.#address;
    if (own !== undefined && isPrefixOf(own, destination)) return this.#findBelow(own, destination);
    const hops: Hop[] = [];
    for (const { accountId } of this.#findNextHops(destination)) {
      const account = this.accounts.get(accountId);
      if (account !== undefined) hops.push(account);
    }
    return hops;
  }

  /** Children have one segment each below our address; what is nobody's is ours. A default route never leads here. */
  #findBelow(own: IlpAddress, destination: IlpAddress): readonly Hop[] {
    const start = own.length + 1;
    const end = destination.indexOf('.', start);
    const child = this.childOf(destination.slice(start, end < 0 ? undefined : end));
    if (child !== undefined) return [child];
    return this.hasLocalHandler ? HERE : NOWHERE;
  }
}

/** The segment that a child has below this node's address. */
export function segmentOf(account: Account): string {
  return account.settings.segment ?? account.id;
}
