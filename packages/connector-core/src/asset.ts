import { ConnectorError } from './errors.js';

/**
 * What the amounts of an account count: units of 10^-scale of an asset. Two accounts hold the same asset when the codes
 * agree; their scales may differ.
 */
export interface Asset {
  /** Such as `USD` or `XRP`; not empty. */
  readonly code: string;
  /** Decimal places of the smallest unit, 0 to 255 (RFC 0031, RFC 0038 "Quantity"). */
  readonly scale: number;
}

/** Checks an asset. @throws {@link ConnectorError} `BAD_SETTING`. */
export function checkAsset(asset: Asset, where: string): void {
  if (asset.code === '')
    throw new ConnectorError('BAD_SETTING', `${where}: the asset code is empty`);
  if (!Number.isInteger(asset.scale) || asset.scale < 0 || asset.scale > 255) {
    throw new ConnectorError(
      'BAD_SETTING',
      `${where}: the asset scale is ${String(asset.scale)}, allowed are whole numbers from 0 to 255`,
    );
  }
}

/** Whether two accounts count in the same unit. */
export function isSameUnit(a: Asset, b: Asset): boolean {
  return a.code === b.code && a.scale === b.scale;
}

/** `USD (scale 6)`. */
export function describeAsset(asset: Asset): string {
  return `${asset.code} (scale ${String(asset.scale)})`;
}
