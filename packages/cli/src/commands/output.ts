import { formatAmount } from '../text/amount.js';

/** An amount as JSON has it: a string, since a number would be a float. */
export interface JsonAmount {
  readonly amount: string;
  readonly code: string;
  readonly scale: number;
}

/** The asset of an amount. */
export interface AssetLike {
  readonly code: string;
  readonly scale: number;
}

export function jsonAmount(amount: bigint, { code, scale }: AssetLike): JsonAmount {
  return { amount: amount.toString(), code, scale };
}

/** For example `10.00 USD`. */
export function showAmount(amount: bigint, { code, scale }: AssetLike): string {
  return `${formatAmount(amount, scale)} ${code}`;
}

/** Writes one line of JSON, for programs that read line by line. */
export function printEvent(event: string, facts: object): void {
  process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);
}

export function printLine(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Tells a person something that is no part of the output. */
export function warn(message: string): void {
  process.stderr.write(`pennyswitch: ${message}\n`);
}
