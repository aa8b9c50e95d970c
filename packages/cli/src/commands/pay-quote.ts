import { toRatio, type Asset, type Quote, type Ratio, type RatioLike } from '@pennyswitch/stream';
import { BigNumber } from 'bignumber.js';
import { showAmount, type AssetLike } from './output.js';
import type { Offer } from './pay-resume.js';

/** What assets are worth in a common measure, as far as somebody said. */
export type MarketPrices = Readonly<Record<string, RatioLike>>;

/** A receiver that does not say what it counts in: its amounts are shown as they are. */
const UNKNOWN_ASSET: AssetLike = { code: 'units', scale: 0 };
const RATE_DIGITS = 6;

/** A quote for a person: who is paid, what it costs, what arrives at least, and how the rate is beside the market's. */
export function describeQuote(
  pointer: string,
  { offer, details }: Pick<Offer, 'offer' | 'details'>,
  market: MarketPrices | undefined,
): string {
  const { sourceAsset, destinationAsset = UNKNOWN_ASSET, expectedDelivery, minDelivery } = offer;
  const lines = [`Pay ${pointer}`];
  if (details.host !== details.finalHost) {
    lines.push(`  answered by  ${details.finalHost}, to which ${details.host} redirects`);
  }
  const description = details.push?.invoice.description;
  if (description !== undefined) lines.push(`  for          ${printable(description)}`);
  const cost =
    offer.expectedSource === offer.maxSource
      ? showAmount(offer.maxSource, sourceAsset)
      : `about ${showAmount(offer.expectedSource, sourceAsset)}, at most ${showAmount(offer.maxSource, sourceAsset)}`;
  const arrival =
    expectedDelivery === minDelivery
      ? showAmount(minDelivery, destinationAsset)
      : `about ${showAmount(expectedDelivery, destinationAsset)}, at least ${showAmount(minDelivery, destinationAsset)}`;
  lines.push(
    `  costs        ${cost}`,
    `  arrives      ${arrival}`,
    `  rate         ${rateText(offer, market)}`,
  );
  return lines.join('\n');
}

function rateText(offer: Quote, market: MarketPrices | undefined): string {
  const { sourceAsset, destinationAsset = UNKNOWN_ASSET, expectedSource, expectedDelivery } = offer;
  const rate = wholeUnits(
    { numerator: expectedDelivery, denominator: expectedSource },
    sourceAsset,
    destinationAsset,
  );
  const text = `${show(rate)} ${destinationAsset.code} for 1 ${sourceAsset.code}`;
  const fair = marketRate(sourceAsset, destinationAsset, market);
  if (fair === undefined) return `${text} (market rate unknown: --price tells)`;
  const percent = fair.minus(rate).div(fair).times(100);
  const difference = percent.abs().isLessThan('0.005')
    ? 'the same'
    : `${percent.abs().toFixed(2)} % ${percent.isNegative() ? 'better' : 'worse'}`;
  return `${text} (market: ${show(fair)}, so ${difference})`;
}

function marketRate(
  source: Asset,
  destination: AssetLike,
  market: MarketPrices | undefined,
): BigNumber | undefined {
  if (source.code === destination.code) return new BigNumber(1);
  const from = market?.[source.code];
  const to = market?.[destination.code];
  if (from === undefined || to === undefined) return undefined;
  return decimalOf(toRatio(from)).div(decimalOf(toRatio(to)));
}

function wholeUnits(rate: Ratio, source: AssetLike, destination: AssetLike): BigNumber {
  return decimalOf(rate).shiftedBy(source.scale - destination.scale);
}

function decimalOf({ numerator, denominator }: Ratio): BigNumber {
  return new BigNumber(numerator.toString()).div(denominator.toString());
}

function show(rate: BigNumber): string {
  return rate.precision(RATE_DIGITS).toFixed();
}

/** A text of somebody else's on a terminal: without what would move its cursor or turn its lines around. */
function printable(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '·');
}
