import type { IlpAddress } from './address.js';
import { InvalidIlpAddressError } from './errors.js';
import { findAddressProblem } from './syntax.js';

declare const brand: unique symbol;

/**
 * What a route leads to: the start of addresses, in whole segments. May be a bare allocation scheme (`g`) or empty
 * (the default route), which an address may not. Without a period at its end, as on the wire.
 */
export type IlpAddressPrefix = (string & { readonly [brand]: 'IlpAddressPrefix' }) | IlpAddress;

/** The prefix of every address: the default route. */
export const EMPTY_PREFIX = '' as IlpAddressPrefix;

/**
 * Checks a text and returns it as a prefix.
 * @throws {@link InvalidIlpAddressError}
 */
export function parseIlpAddressPrefix(text: string): IlpAddressPrefix {
  const problem = text === '' ? undefined : findAddressProblem(text, 1);
  if (problem !== undefined) throw new InvalidIlpAddressError(text, problem);
  return text as IlpAddressPrefix;
}

/** Whether a text is a valid prefix. */
export function isIlpAddressPrefix(text: string): text is IlpAddressPrefix {
  return text === '' || findAddressProblem(text, 1) === undefined;
}

/**
 * Whether an address (or a longer prefix) lies under a prefix, compared by whole segments: `g.a` is a prefix of
 * `g.a.b` and of `g.a`, but not of `g.ab`. The empty prefix is one of everything.
 */
export function isPrefixOf(prefix: IlpAddressPrefix, address: IlpAddressPrefix): boolean {
  return (
    prefix === '' ||
    (address.startsWith(prefix) &&
      (address.length === prefix.length || address.charCodeAt(prefix.length) === 46))
  );
}

/** The longest prefix, in whole segments, that both have; possibly empty. */
export function longestCommonPrefix(a: IlpAddressPrefix, b: IlpAddressPrefix): IlpAddressPrefix {
  let end = 0;
  for (let i = 0; ; i++) {
    const aEnds = i === a.length || a.charCodeAt(i) === 46;
    const bEnds = i === b.length || b.charCodeAt(i) === 46;
    if (aEnds && bEnds) end = i;
    // Behind the end there is NaN, which is not even equal to itself.
    if (a.charCodeAt(i) !== b.charCodeAt(i)) break;
  }
  return a.slice(0, end) as IlpAddressPrefix;
}
