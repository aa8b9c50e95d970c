import type { IlpAddressPrefix } from './prefix.js';
import type { AllocationScheme } from './syntax.js';

/** The allocation scheme of an address or of a prefix that is not empty: its first segment (RFC 0015). */
export function allocationScheme(address: IlpAddressPrefix): AllocationScheme {
  const end = address.indexOf('.');
  return (end === -1 ? address : address.slice(0, end)) as AllocationScheme;
}

/** The network that a node runs on (RFC 0034 "Special Addresses"): the live one or a test network, never both. */
export type Network = 'live' | 'test';

/**
 * How far packets to an address may travel (RFC 0015 "Allocation Schemes", RFC 0034):
 * - `forward`: to any next hop (`g`, `test*`, and `example`, which documentation and tests use);
 * - `domain`: within one operator's own connectors or private network (`private`, `local`);
 * - `peer`: to the direct peer and no further (`peer`);
 * - `node`: not off this machine (`self`).
 */
export type AddressScope = 'forward' | 'domain' | 'peer' | 'node';

const SCOPES: Record<AllocationScheme, AddressScope> = {
  g: 'forward',
  test: 'forward',
  test1: 'forward',
  test2: 'forward',
  test3: 'forward',
  example: 'forward',
  private: 'domain',
  local: 'domain',
  peer: 'peer',
  self: 'node',
};

/** How far packets to this address may travel. */
export function addressScope(address: IlpAddressPrefix): AddressScope {
  return SCOPES[allocationScheme(address)];
}

/** The network that an address belongs to, or undefined for schemes that either network may use (RFC 0034). */
export function addressNetwork(address: IlpAddressPrefix): Network | undefined {
  switch (allocationScheme(address)) {
    case 'g':
      return 'live';
    case 'test':
    case 'test1':
    case 'test2':
    case 'test3':
      return 'test';
    default:
      return undefined;
  }
}
