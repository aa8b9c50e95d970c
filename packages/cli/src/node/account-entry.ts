import { createHash } from 'node:crypto';
import type { AccountConfig } from '../config/schema.js';

/**
 * What requests made of an account, kept beside the configuration file. It counts as long as the file says of the account
 * what it said then: whoever edits the file decides again.
 */
export interface AccountEntry {
  /** Names what the file says of the account; missing where it says nothing. */
  readonly over?: string | undefined;
  /** The account as it is; missing for one that was removed. */
  readonly account?: AccountConfig | undefined;
}

/** Names what a configuration file says of an account, with its secrets but without telling them. */
export function digestOf(account: AccountConfig | undefined): string | undefined {
  if (account === undefined) return undefined;
  return createHash('sha256').update(toText(account)).digest('hex');
}

/** An entry as all processes of this version read it. */
export function writeEntry(entry: AccountEntry): string {
  return toText(entry);
}

/** @throws {@link SyntaxError} for what {@link writeEntry} did not write. */
export function readEntry(text: string): AccountEntry {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('units' in value)) return value;
    return typeof value.units === 'string' ? BigInt(value.units) : value;
  }) as AccountEntry;
}

/** The same text for the same content: settings in the order of their names. */
function toText(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return { units: String(part) };
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    const names = Object.keys(part).sort();
    return Object.fromEntries(names.map((name) => [name, (part as Record<string, unknown>)[name]]));
  });
}
