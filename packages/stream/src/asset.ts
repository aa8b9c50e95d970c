/** What the units of an endpoint's amounts are. */
export interface Asset {
  /** For example `USD`; 1 to 255 bytes of UTF-8. */
  readonly code: string;
  /** Decimal places of the smallest unit, 0 to 255: at scale 6, 1 USD is 1000000 units. */
  readonly scale: number;
}

/** Whether two assets count in the same units. */
export function isSameAsset(a: Asset, b: Asset): boolean {
  return a.code === b.code && a.scale === b.scale;
}
