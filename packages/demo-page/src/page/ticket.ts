/** What the page is told when it asks its server for a wallet. */
export interface WalletTicket {
  /** The page's account at its provider: `btp+ws://:TOKEN@HOST:PORT/PATH`. */
  readonly uplink: string;
  /** What the page may spend in all, in units of its account's asset. */
  readonly budget: string;
  /** Hosts whose SPSP servers only the page's server reaches: it passes queries on to them. */
  readonly relayedHosts: readonly string[];
}

/** An answer that the page's server passes on: as JSON, so that the browser neither follows nor hides a redirect. */
export interface RelayedResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}
