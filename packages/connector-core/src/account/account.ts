import { childAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import { checkAsset, describeAsset, isSameUnit, type Asset } from '../asset.js';
import { ConnectorError } from '../errors.js';
import type { SettlementPolicy } from '../ledger/settlement-policy.js';
import type { Link } from '../links/link.js';
import { PacketCounters } from './counters.js';
import {
  checkAccountSettings,
  fixedSettings,
  type AccountLimits,
  type AccountSettings,
  type RateLimit,
  type Relation,
} from './settings.js';
import { TokenBucket } from './token-bucket.js';

/** Why an account carries no money although its link is up. */
export type AccountProblem = 'ASSET_UNKNOWN' | 'ASSET_MISMATCH';

/** One account while the connector runs: settings, link, buckets, counters. Its money is in the ledger store. */
export class Account {
  readonly id: string;
  readonly relation: Relation;
  readonly link: Link;
  readonly counters: PacketCounters = new PacketCounters();
  /** Packets from this account that have no reply yet. */
  inFlight = 0;
  /** Those of them that do not wait for a place. */
  admitted = 0;
  #settings: AccountSettings;
  #limits: AccountLimits = {};
  #packetBucket: TokenBucket | undefined;
  #incomingBucket: TokenBucket | undefined;
  #outgoingBucket: TokenBucket | undefined;
  #asset: Asset | undefined;
  #problem: AccountProblem | undefined;
  #settlementPolicy: SettlementPolicy | undefined;
  #regularPolicy: SettlementPolicy | undefined;

  /** @throws {@link ConnectorError} `BAD_SETTING`. */
  constructor(settings: AccountSettings, link: Link, now: number) {
    checkAccountSettings(settings);
    this.id = settings.id;
    this.relation = settings.relation;
    this.#settings = settings;
    this.link = link;
    this.#useLimits(settings.limits ?? {}, now);
    if (settings.asset === undefined) this.#problem = 'ASSET_UNKNOWN';
    else this.#useAsset(settings.asset);
  }

  get settings(): AccountSettings {
    return this.#settings;
  }

  get limits(): AccountLimits {
    return this.#limits;
  }

  get packetBucket(): TokenBucket | undefined {
    return this.#packetBucket;
  }

  get incomingBucket(): TokenBucket | undefined {
    return this.#incomingBucket;
  }

  get outgoingBucket(): TokenBucket | undefined {
    return this.#outgoingBucket;
  }

  /** What the account counts; undefined until the parent tells, and while it contradicts what is configured. */
  get asset(): Asset | undefined {
    return this.#problem === undefined ? this.#asset : undefined;
  }

  /** Why {@link asset} is undefined. */
  get problem(): AccountProblem | undefined {
    return this.#problem;
  }

  /** When to settle without being told; undefined for never. */
  get settlementPolicy(): SettlementPolicy | undefined {
    return this.#settlementPolicy;
  }

  /** What to settle when it is time to; undefined without engine. */
  get regularSettlementPolicy(): SettlementPolicy | undefined {
    return this.#regularPolicy;
  }

  /**
   * Takes other settings while the account runs: limits, routes, when to settle. Packets under way keep what was held for them.
   * @throws {@link ConnectorError} `BAD_SETTING`, also for what only another account can have ({@link fixedSettings}).
   */
  change(settings: AccountSettings, now: number): void {
    checkAccountSettings(settings);
    const fixed = fixedSettings(this.#settings, settings);
    if (fixed.length > 0) {
      throw new ConnectorError(
        'BAD_SETTING',
        `account ${JSON.stringify(this.id)}: ${fixed.join(', ')} cannot change while it runs; remove the account and add it again, its book stays`,
      );
    }
    this.#settings = settings;
    this.#useLimits(settings.limits ?? {}, now);
    if (this.#asset !== undefined) this.#useAsset(this.#asset);
  }

  /** The address of a child below this node's. */
  childAddress(own: IlpAddress): IlpAddress {
    return childAddress(own, this.settings.segment ?? this.id);
  }

  /**
   * Takes the asset that the parent tells.
   * @throws {@link ConnectorError} `ASSET_MISMATCH` if another was configured or told before: amounts would change their meaning.
   * The account carries no money until the parent tells the first one again.
   */
  learnAsset(asset: Asset): void {
    checkAsset(asset, `account ${this.id}`);
    if (this.#asset !== undefined && !isSameUnit(this.#asset, asset)) {
      this.#problem = 'ASSET_MISMATCH';
      throw new ConnectorError(
        'ASSET_MISMATCH',
        `account ${this.id} counts ${describeAsset(this.#asset)} here, but the parent says ${describeAsset(asset)}: no packet is forwarded over it until both agree`,
      );
    }
    if (this.#asset === undefined) this.#useAsset(asset);
    this.#problem = undefined;
  }

  /** A bucket whose limit stays the same stays as full as it is. */
  #useLimits(limits: AccountLimits, now: number): void {
    const { packets, incomingThroughput, outgoingThroughput } = this.#limits;
    this.#limits = limits;
    if (!isSameRate(packets, limits.packets)) this.#packetBucket = bucket(limits.packets, now);
    if (!isSameRate(incomingThroughput, limits.incomingThroughput)) {
      this.#incomingBucket = bucket(limits.incomingThroughput, now);
    }
    if (!isSameRate(outgoingThroughput, limits.outgoingThroughput)) {
      this.#outgoingBucket = bucket(limits.outgoingThroughput, now);
    }
  }

  #useAsset(asset: Asset): void {
    this.#asset = asset;
    this.#regularPolicy = undefined;
    this.#settlementPolicy = undefined;
    const { settlement } = this.#settings;
    if (settlement === undefined) return;
    const { threshold, settleTo = 0n, scale = asset.scale } = settlement;
    const unit = 10n ** BigInt(Math.max(0, asset.scale - scale));
    this.#regularPolicy = { threshold: settleTo + 1n, settleTo, unit };
    if (threshold !== undefined) this.#settlementPolicy = { threshold, settleTo, unit };
  }
}

function isSameRate(
  a: RateLimit<number | bigint> | undefined,
  b: RateLimit<number | bigint> | undefined,
): boolean {
  return a?.limit === b?.limit && a?.periodMs === b?.periodMs;
}

function bucket(
  limit: RateLimit<number | bigint> | undefined,
  now: number,
): TokenBucket | undefined {
  return limit && new TokenBucket(BigInt(limit.limit), limit.periodMs ?? 1000, now);
}
