/** What the admin API answers, as far as the commands show it. Amounts are text there. */
export interface AssetView {
  readonly code: string;
  readonly scale: number;
}

export interface AccountView {
  readonly id: string;
  readonly relation: string;
  readonly asset?: AssetView;
  readonly problem?: string;
  readonly address?: string;
  readonly connected: boolean;
  readonly limits: Readonly<Record<string, unknown>>;
  readonly settles: boolean;
  readonly inFlight: number;
  readonly incoming: DirectionView;
  readonly outgoing: DirectionView;
}

export interface DirectionView {
  readonly fulfilled: number;
  readonly fulfilledAmount: string;
  readonly rejected: Readonly<Record<string, number>>;
}

export interface BalanceView {
  readonly account: string;
  readonly asset: AssetView;
  readonly receivable: string;
  readonly payable: string;
  readonly heldIncoming: string;
  readonly heldOutgoing: string;
  readonly net: string;
}

export interface RouteView {
  readonly prefix: string;
  readonly nextHop?: string;
  readonly path: readonly string[];
  readonly why: string;
}

export interface SettlementView {
  readonly key: string;
  readonly account: string;
  readonly amount: string;
  readonly createdAt: number;
}

export interface RateView {
  readonly from: string;
  readonly to: string;
  readonly available: boolean;
  readonly rate?: string;
  readonly net?: string;
}
