import { EMPTY_PREFIX, type IlpAddress, type IlpAddressPrefix } from '@pennyswitch/ilp-address';
import type { ImportRule } from './import-filter.js';
import { CcpReceiver, type ReceiverOptions } from './receiver.js';
import type { NextHop, Relation, RouteAccount, RouteEntry } from './route.js';
import { CcpSender, type SenderOptions } from './sender.js';

/** What an operator says about routing over one account. */
export interface CcpAccountOptions {
  /** What the peer is to us. */
  readonly relation: Relation;
  /** Whether we tell it our routes when it asks. Default: parents and peers yes, children no. */
  readonly sendRoutes?: boolean;
  /** Whether we ask for its routes. Default: parents and peers yes, children no. */
  readonly receiveRoutes?: boolean;
  /** A child's address is ours, a period, and this; its route follows our address. */
  readonly childSegment?: string;
  /** Prefixes that lead here whatever CCP says; `''` is the default route. A parent's default is `['']`. */
  readonly staticRoutes?: readonly IlpAddressPrefix[];
  /** Overrides the policy's `peerTransit` for what this account is told. */
  readonly peerTransit?: boolean;
  /** What it may announce: these prefixes and what lies below them. Default: anything. */
  readonly accept?: readonly IlpAddressPrefix[];
  /** What it may not, although `accept` has it. */
  readonly refuse?: readonly IlpAddressPrefix[];
  /** The longest path of its routes, in nodes, where that is less than the policy's `maxPathLength`. */
  readonly maxPathLength?: number;
  /** The most routes that are held of it, instead of the policy's `maxRoutesPerAccount`. */
  readonly maxRoutes?: number;
  /**
   * What it is told: these prefixes and what lies below them. Default: all that the relation allows. A prefix that is told
   * stands for those below it which are aggregated.
   */
  readonly tell?: readonly IlpAddressPrefix[];
  /** What it is not told, although `tell` has it. */
  readonly withhold?: readonly IlpAddressPrefix[];
  /** The longest path that it is told, in nodes, us included. Default: any. */
  readonly maxToldPathLength?: number;
}

/** How many prefixes that were not taken are remembered by account. */
const MAX_FILTERED = 100;

/** What an account's machines are made from. */
export interface AccountMachines {
  /** What holds where its options say nothing. */
  readonly peerTransit: boolean;
  readonly sender: (account: CcpAccount) => SenderOptions;
  readonly receiver: (account: CcpAccount) => ReceiverOptions;
}

/** One account in the router: its two machines, and what it leads to. */
export class CcpAccount implements RouteAccount {
  readonly id: string;
  readonly relation: Relation;
  readonly hops: readonly [NextHop];
  isConnected = false;
  /** The prefix below our address that it has, as a child. */
  childPrefix: IlpAddress | undefined;
  /** Everything that this account is a way to. */
  readonly entries: Set<RouteEntry> = new Set();
  /** How many of those it announced itself… */
  learned = 0;
  /** …and how many characters their prefixes and paths have. */
  learnedText = 0;
  /** The ids of the requests whose replies are waited for. */
  readonly underWay: { update: number | undefined; control: number | undefined } = {
    update: undefined,
    control: undefined,
  };
  readonly #counts = new Map<ImportRule, number>();
  /** The latest prefixes that were not taken, and why. */
  readonly #filtered = new Map<string, ImportRule>();

  readonly #machines: AccountMachines;
  #options: CcpAccountOptions;
  #sender: CcpSender | undefined;
  #receiver: CcpReceiver | undefined;

  constructor(id: string, options: CcpAccountOptions, machines: AccountMachines) {
    this.id = id;
    this.relation = options.relation;
    this.hops = [{ accountId: id }];
    this.#machines = machines;
    this.#options = options;
    this.#makeMachines();
  }

  get options(): CcpAccountOptions {
    return this.#options;
  }

  /** Undefined where it is not told our routes. */
  get sender(): CcpSender | undefined {
    return this.#sender;
  }

  /** Undefined where its routes are not wanted. */
  get receiver(): CcpReceiver | undefined {
    return this.#receiver;
  }

  get peerTransit(): boolean {
    return this.#options.peerTransit ?? this.#machines.peerTransit;
  }

  /**
   * Takes other options; relation and segment stay. What the peer has been told, or has told, by the old ones is told anew.
   */
  change(options: CcpAccountOptions, now: number): void {
    const { relation, childSegment } = this.#options;
    const { sender, receiver } = this;
    this.#options = { ...options, relation, ...(childSegment !== undefined && { childSegment }) };
    this.#makeMachines();
    if (this.#sender !== undefined && this.#sender === sender) sender.handleRulesChanged();
    else if (this.isConnected) this.#sender?.handleConnected();
    if (this.#receiver !== undefined && this.#receiver === receiver) {
      receiver.handleRulesChanged(now);
    } else {
      receiver?.handleDisconnected();
      if (this.isConnected) this.#receiver?.handleConnected(now);
    }
  }

  /** The prefixes that lead here by configuration. */
  get staticRoutes(): readonly IlpAddressPrefix[] {
    return this.#options.staticRoutes ?? (this.relation === 'parent' ? [EMPTY_PREFIX] : []);
  }

  /** How many routes each rule kept out since the account is here. */
  get filteredCounts(): Readonly<Partial<Record<ImportRule, number>>> {
    return Object.fromEntries(this.#counts);
  }

  /** The latest of them that it still announces. */
  get filtered(): readonly { readonly prefix: string; readonly rule: ImportRule }[] {
    return Array.from(this.#filtered, ([prefix, rule]) => ({ prefix, rule }));
  }

  noteFiltered(prefix: string, rule: ImportRule): void {
    this.#counts.set(rule, (this.#counts.get(rule) ?? 0) + 1);
    this.#filtered.delete(prefix);
    this.#filtered.set(prefix, rule);
    if (this.#filtered.size <= MAX_FILTERED) return;
    for (const oldest of this.#filtered.keys()) {
      this.#filtered.delete(oldest);
      return;
    }
  }

  /** The prefix is taken now, or no longer announced. */
  noteNotFiltered(prefix: string): void {
    this.#filtered.delete(prefix);
  }

  forgetFiltered(): void {
    this.#filtered.clear();
  }

  /** Keeps a machine that is there and wanted, with what it knows. */
  #makeMachines(): void {
    const byDefault = this.relation !== 'child';
    const { sendRoutes = byDefault, receiveRoutes = byDefault } = this.#options;
    this.#sender = sendRoutes
      ? (this.#sender ?? new CcpSender(this.#machines.sender(this)))
      : undefined;
    this.#receiver = receiveRoutes
      ? (this.#receiver ?? new CcpReceiver(this.#machines.receiver(this)))
      : undefined;
  }
}
