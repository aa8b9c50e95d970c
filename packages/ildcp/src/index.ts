/**
 * The Interledger Dynamic Configuration Protocol (RFC 0031): a child asks its parent for address and asset.
 *
 * @packageDocumentation
 */
export {};
