/**
 * ILP addresses (RFC 0015): branded types that only a parser makes, prefixes with the segment boundary in one place,
 * allocation schemes and what each means for forwarding (RFC 0034).
 *
 * @packageDocumentation
 */
export {
  addressSegments,
  childAddress,
  isIlpAddress,
  MAX_ADDRESS_LENGTH,
  parentAddress,
  parseIlpAddress,
  type IlpAddress,
} from './address.js';
export {
  EMPTY_PREFIX,
  isIlpAddressPrefix,
  isPrefixOf,
  longestCommonPrefix,
  parseIlpAddressPrefix,
  type IlpAddressPrefix,
} from './prefix.js';
export { ALLOCATION_SCHEMES, type AddressProblem, type AllocationScheme } from './syntax.js';
export {
  addressNetwork,
  addressScope,
  allocationScheme,
  type AddressScope,
  type Network,
} from './scheme.js';
export { InvalidIlpAddressError } from './errors.js';
export {
  ilpAddressOf,
  putIlpAddress,
  readIlpAddress,
  readIlpAddressPrefix,
  writeIlpAddress,
} from './codec.js';
