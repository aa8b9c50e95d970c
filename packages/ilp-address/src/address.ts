import { InvalidIlpAddressError } from './errors.js';
import { findAddressProblem } from './syntax.js';

declare const brand: unique symbol;

/**
 * A valid ILP address (RFC 0015): an allocation scheme and at least one more segment, at most 1023 characters.
 * Only {@link parseIlpAddress} makes one, so whoever holds an `IlpAddress` need not check it again.
 */
export type IlpAddress = string & { readonly [brand]: 'IlpAddress' };

/** The longest address, in characters (RFC 0015 "Address Requirements", 6). */
export const MAX_ADDRESS_LENGTH = 1023;

/**
 * Checks a text and returns it as an address.
 * @throws {@link InvalidIlpAddressError} that says which rule of RFC 0015 is broken, and where.
 */
export function parseIlpAddress(text: string): IlpAddress {
  const problem = findAddressProblem(text, 2);
  if (problem !== undefined) throw new InvalidIlpAddressError(text, problem);
  return text as IlpAddress;
}

/** Whether a text is a valid ILP address (RFC 0015). */
export function isIlpAddress(text: string): text is IlpAddress {
  return findAddressProblem(text, 2) === undefined;
}

/** The segments of an address, allocation scheme first. */
export function addressSegments(address: IlpAddress): string[] {
  return address.split('.');
}

/**
 * The address one or more segments below another: `child('g.acme', 'bob')` is `g.acme.bob`.
 * @param suffix segments joined by periods, without a leading period.
 * @throws {@link InvalidIlpAddressError} if the suffix has a bad character or the result is longer than 1023.
 */
export function childAddress(parent: IlpAddress, suffix: string): IlpAddress {
  return parseIlpAddress(`${parent}.${suffix}`);
}

/** The address one segment above, or undefined where only the allocation scheme would be left. */
export function parentAddress(address: IlpAddress): IlpAddress | undefined {
  const cut = address.lastIndexOf('.');
  return address.indexOf('.') === cut ? undefined : (address.slice(0, cut) as IlpAddress);
}
