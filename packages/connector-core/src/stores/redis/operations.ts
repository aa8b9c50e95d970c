/** One operation of a batch, as the script reads it: its name, then what it needs. Amounts are decimal text. */
export type Operation = readonly [name: string, ...rest: readonly unknown[]];

/**
 * What is held for one packet: incoming account or false, amount, outgoing account or false, amount, expiry in milliseconds
 * since 1970, condition in hex.
 */
export type Held = readonly [
  from: string | false,
  fromAmount: string,
  to: string | false,
  toAmount: string,
  expiresAt: string,
  condition: string,
];
