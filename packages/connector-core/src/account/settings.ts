import { isIlpAddressPrefix } from '@pennyswitch/ilp-address';
import { MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import { checkAsset, type Asset } from '../asset.js';
import { ConnectorError } from '../errors.js';
import { checkRoutingSettings, type AccountRoutingSettings } from './routing-settings.js';

/** What the peer of an account is to this node (RFC 0034 "Link Relations"). */
export type Relation = 'parent' | 'peer' | 'child';

/** At most `limit` in any `periodMs`; a burst may use up the whole of it at once. */
export interface RateLimit<Quantity extends number | bigint> {
  readonly limit: Quantity;
  /** Milliseconds, default 1000. */
  readonly periodMs?: number;
}

/** What a connector risks with one account (RFC 0018); all amounts in units of the account. */
export interface AccountLimits {
  /** The largest packet from the peer; F08 above it. */
  readonly maxPacketAmount?: bigint;
  /** The largest packet to the peer; F08 above it, with the limit in the sender's units. */
  readonly maxOutgoingPacketAmount?: bigint;
  /** The most that the peer may owe us, packets under way counted; T04 above it (RFC 0032). 0: it pays ahead. */
  readonly maximumBalance?: bigint;
  /** The least that our balance with the peer may become, packets under way counted; -1000: we owe 1000 at most. */
  readonly minimumBalance?: bigint;
  /** Packets from the peer; T05 above it. */
  readonly packets?: RateLimit<number>;
  /** Money from the peer; T04 above it. */
  readonly incomingThroughput?: RateLimit<bigint>;
  /** Money to the peer; T04 above it. */
  readonly outgoingThroughput?: RateLimit<bigint>;
}

/** How an account is settled (RFC 0038). */
export interface SettlementSettings {
  /** The settlement engine's base URL. */
  readonly engineUrl: string | URL;
  /** Sent to the engine as a bearer token; RFC 0038 itself has none. */
  readonly engineToken?: string;
  /** Settle as soon as we owe this much; never on our own if missing. Below zero: pay ahead. In units of the account. */
  readonly threshold?: bigint;
  /** Settle down to owing this much, default 0; below the threshold. Below zero: pay ahead. In units of the account. */
  readonly settleTo?: bigint;
  /** Also settle whatever is owed above `settleTo` this often, in milliseconds; missing: only at the threshold. */
  readonly intervalMs?: number;
  /**
   * The smallest unit that the settlement system can move, as a scale; default the account's. What is less than one
   * stays owed until there is more.
   */
  readonly scale?: number;
}

/** What an operator says about one account. */
export interface AccountSettings {
  /** Letters, digits, `_`, `~`, `-`: it appears in addresses and URLs. At most 64. */
  readonly id: string;
  readonly relation: Relation;
  /** A parent that gives us our address tells its asset too; then it may be missing, and is checked if it is not. */
  readonly asset?: Asset;
  /** A child's address is ours, a period, and this; default the id. */
  readonly segment?: string;
  /**
   * Whether this parent gives us our address and asset by ILDCP (RFC 0031). Default: yes for a parent of a connector without
   * configured address. Only one parent may (RFC 0034).
   */
  readonly inheritAddress?: boolean;
  readonly limits?: AccountLimits;
  readonly settlement?: SettlementSettings;
  /** Whether to tell the peer our routes (CCP). Default: peers and parents yes, children no. */
  readonly sendRoutes?: boolean;
  /** Whether to take the peer's routes (CCP). Default: peers and parents yes, children no. */
  readonly receiveRoutes?: boolean;
  /** Prefixes that lead to this account whatever CCP says; `''` is the default route. A parent's default is `['']`. */
  readonly staticRoutes?: readonly string[];
  /** Which routes are taken from the peer and told to it. */
  readonly routing?: AccountRoutingSettings;
}

/** More often than once a second, settling by threshold is what is meant. */
const MIN_INTERVAL_MS = 1000;
const ID = /^[A-Za-z0-9_~-]{1,64}$/;

/**
 * Checks the settings of one account.
 * @throws {@link ConnectorError} `BAD_SETTING` that names the setting, what was found and what is allowed.
 */
export function checkAccountSettings(settings: AccountSettings): void {
  const where = `account ${JSON.stringify(settings.id)}`;
  const problem = (text: string): never => {
    throw new ConnectorError('BAD_SETTING', `${where}: ${text}`);
  };
  if (!ID.test(settings.id)) problem('the id must be 1 to 64 of A-Z a-z 0-9 _ ~ -');
  if (settings.segment !== undefined && !ID.test(settings.segment)) {
    problem(`segment ${JSON.stringify(settings.segment)} must be 1 to 64 of A-Z a-z 0-9 _ ~ -`);
  }
  if (!['parent', 'peer', 'child'].includes(settings.relation)) {
    problem(`relation ${JSON.stringify(settings.relation)} must be parent, peer or child`);
  }
  if (settings.inheritAddress === true && settings.relation !== 'parent') {
    problem(`inheritAddress is for parents, this is a ${settings.relation}`);
  }
  if (settings.asset !== undefined) checkAsset(settings.asset, where);
  for (const prefix of settings.staticRoutes ?? []) {
    if (!isIlpAddressPrefix(prefix)) {
      problem(`the static route ${JSON.stringify(prefix)} is no ILP address prefix (RFC 0015)`);
    }
  }
  checkRoutingSettings(settings.routing ?? {}, problem);
  checkLimits(settings.limits ?? {}, problem);
  if (settings.settlement !== undefined) checkSettlement(settings.settlement, problem);
}

/**
 * The names of settings in which two versions of one account differ and that cannot change while it runs: what its book, its
 * address, or its settlement engine was told rests on them.
 */
export function fixedSettings(before: AccountSettings, after: AccountSettings): string[] {
  const fixed = (settings: AccountSettings): Record<string, unknown> => ({
    id: settings.id,
    relation: settings.relation,
    'asset.code': settings.asset?.code,
    'asset.scale': settings.asset?.scale,
    segment: settings.segment ?? settings.id,
    inheritAddress: settings.inheritAddress,
    'settlement.engineUrl': settings.settlement && String(settings.settlement.engineUrl),
    'settlement.engineToken': settings.settlement?.engineToken,
    'settlement.intervalMs': settings.settlement?.intervalMs,
  });
  const other = fixed(after);
  return Object.entries(fixed(before)).flatMap(([name, value]) =>
    value === other[name] ? [] : [name],
  );
}

function checkLimits(limits: AccountLimits, problem: (text: string) => never): void {
  for (const name of ['maxPacketAmount', 'maxOutgoingPacketAmount'] as const) {
    const value = limits[name];
    if (value !== undefined && (value < 0n || value > MAX_AMOUNT)) {
      problem(`${name} is ${String(value)}, allowed is 0 to 2^64 - 1`);
    }
  }
  const { minimumBalance, maximumBalance } = limits;
  if (
    minimumBalance !== undefined &&
    maximumBalance !== undefined &&
    minimumBalance > maximumBalance
  ) {
    problem('minimumBalance is above maximumBalance');
  }
  for (const name of ['packets', 'incomingThroughput', 'outgoingThroughput'] as const) {
    const limit = limits[name];
    if (limit === undefined) continue;
    const { periodMs = 1000 } = limit;
    if (limit.limit <= 0) problem(`${name}.limit is ${String(limit.limit)}, it must be above 0`);
    if (!Number.isInteger(periodMs) || periodMs < 1) {
      problem(`${name}.periodMs is ${String(periodMs)}, it must be a whole number above 0`);
    }
  }
}

function checkSettlement(settlement: SettlementSettings, problem: (text: string) => never): void {
  const { threshold, settleTo = 0n, intervalMs, scale } = settlement;
  if (!URL.canParse(settlement.engineUrl)) {
    problem(`settlement.engineUrl ${JSON.stringify(String(settlement.engineUrl))} is no URL`);
  }
  const { username, password } = new URL(settlement.engineUrl);
  if (username !== '' || password !== '') {
    problem(
      'settlement.engineUrl has a user or a password; what the engine asks for is engineToken',
    );
  }
  if (threshold !== undefined && settleTo >= threshold) {
    problem(
      `settlement.settleTo is ${String(settleTo)}, it must be below the threshold of ${String(threshold)}: otherwise nothing is ever settled`,
    );
  }
  if (intervalMs !== undefined && (!Number.isInteger(intervalMs) || intervalMs < MIN_INTERVAL_MS)) {
    problem(
      `settlement.intervalMs is ${String(intervalMs)}, allowed are whole numbers from ${MIN_INTERVAL_MS}`,
    );
  }
  if (scale !== undefined && (!Number.isInteger(scale) || scale < 0 || scale > 255)) {
    problem(`settlement.scale is ${String(scale)}, allowed are whole numbers from 0 to 255`);
  }
}
