import type { Balance } from '../../ledger/balance.js';
import type { LateFulfillment, LostPacket, OutgoingSettlement } from '../../ledger/ledger-store.js';
import type { SettlementPolicy } from '../../ledger/settlement-policy.js';

/** A book, as the script tells it. */
export function readBalance(fields: readonly string[]): Balance {
  const field = (i: number): bigint => BigInt(fields[i] ?? '');
  return {
    receivable: field(0),
    payable: field(1),
    heldIncoming: field(2),
    heldOutgoing: field(3),
    clearedIncoming: field(4),
    clearedOutgoing: field(5),
    settledIncoming: field(6),
    settledOutgoing: field(7),
  };
}

/** The result of a commit or debit: key and amount, if something was due. */
export function readSettlement(
  result: unknown,
  account: string,
  createdAt: number,
): OutgoingSettlement | undefined {
  if (!Array.isArray(result)) return undefined;
  const [key, amount] = result as [string, string];
  return { key, account, amount: BigInt(amount), createdAt };
}

/** A policy for the script. */
export function writePolicy(policy: SettlementPolicy): readonly [string, string, string] {
  return [String(policy.threshold), String(policy.settleTo), String(policy.unit)];
}

/** The script writes this form too, of packets whose process died. */
export function writeLost(lost: LostPacket): string {
  const { account, amount, expiresAt, lostAt, condition } = lost;
  return JSON.stringify([
    account,
    String(amount),
    String(expiresAt),
    String(lostAt),
    toHex(condition),
  ]);
}

/** Reads what {@link writeLost} or the script wrote. */
export function readLost(text: string): LostPacket {
  const [account, amount, expiresAt, lostAt, condition] = JSON.parse(text) as [
    string,
    string,
    string,
    string,
    string,
  ];
  return {
    account,
    amount: BigInt(amount),
    expiresAt: Number(expiresAt),
    lostAt: Number(lostAt),
    condition: fromHex(condition),
  };
}

/** A late fulfillment as text. */
export function writeLate(late: LateFulfillment): string {
  const { account, amount, expiredAt, arrivedAt, condition, fulfillment } = late;
  return JSON.stringify([
    account,
    String(amount),
    expiredAt,
    arrivedAt,
    toHex(condition),
    toHex(fulfillment),
  ]);
}

/** Reads what {@link writeLate} wrote. */
export function readLate(text: string): LateFulfillment {
  const [account, amount, expiredAt, arrivedAt, condition, fulfillment] = JSON.parse(text) as [
    string,
    string,
    number,
    number,
    string,
    string,
  ];
  return {
    account,
    amount: BigInt(amount),
    expiredAt,
    arrivedAt,
    condition: fromHex(condition),
    fulfillment: fromHex(fulfillment),
  };
}

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Bytes as lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += DIGITS[byte] ?? '';
  return text;
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  );
}
