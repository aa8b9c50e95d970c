import {
  configuredRates,
  httpRateSource,
  RateFeed,
  sameAssetOnly,
  type Asset,
  type Decimal,
  type Logger,
  type RateProvider,
} from '@pennyswitch/connector-core';
import type { NodeConfig } from '../config/schema.js';

type RateConfig = Pick<NodeConfig, 'rates' | 'spread' | 'spreads'>;

/** Rates and spreads as the configuration says at the moment: it can be read again while the node runs. */
export class NodeRates implements RateProvider {
  readonly #logger: Logger;
  #current: RateProvider = sameAssetOnly;
  #feed: RateFeed | undefined;
  /** A source that has not answered yet. */
  #asked: RateFeed | undefined;
  #spread: Decimal = '0';
  #spreads: Readonly<Record<string, Decimal>> = {};

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * Takes other rates from the next packet on. A source is asked at once; until it has answered, what was before holds.
   * @throws {@link RateError} for a number that is no rate; then nothing changes.
   */
  use({ rates, spread = '0', spreads = {} }: RateConfig): void {
    if (rates !== undefined && 'url' in rates) this.#follow(rates);
    else this.#take(configuredRates(rates ?? {}), undefined);
    this.#spread = spread;
    this.#spreads = spreads;
  }

  #follow({
    url,
    token,
    ...times
  }: Extract<NonNullable<RateConfig['rates']>, { url: string }>): void {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const source = httpRateSource(url, undefined, headers);
    const feed = new RateFeed({ source, logger: this.#logger, ...times });
    this.#asked?.stop();
    this.#asked = feed;
    void feed.start().then(() => {
      if (this.#asked === feed) this.#take(feed, feed);
    });
  }

  #take(current: RateProvider, feed: RateFeed | undefined): void {
    if (this.#asked !== feed) this.#asked?.stop();
    if (this.#feed !== feed) this.#feed?.stop();
    this.#asked = undefined;
    this.#feed = feed;
    this.#current = current;
  }

  rate(from: Asset, to: Asset): ReturnType<RateProvider['rate']> {
    return this.#current.rate(from, to);
  }

  /** What is kept of a conversion. */
  readonly spread = (from: Asset, to: Asset): Decimal =>
    this.#spreads[`${from.code}/${to.code}`] ?? this.#spread;

  stop(): void {
    this.#asked?.stop();
    this.#feed?.stop();
  }
}
