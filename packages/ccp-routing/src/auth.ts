import { conditionOf } from '@pennyswitch/ilp-packet';
import { AUTH_LENGTH } from './update-request.js';

/*
 * The authenticator of a route, as deployed: its origin starts with HMAC-SHA256(secret, prefix), and every node that
 * announces the route, the origin included, announces the SHA-256 of what it has. Who knows the origin's secret can
 * therefore tell that a route was made by the origin and that its path has not been made shorter than it is. It does
 * not tell that the nodes on the path are the ones named.
 */

const BLOCK = 64;
const utf8 = new TextEncoder();

/** HMAC-SHA256 (RFC 2104). */
function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK);
  block.set(key.length > BLOCK ? conditionOf(key) : key);
  const inner = new Uint8Array(BLOCK + message.length);
  const outer = new Uint8Array(BLOCK + AUTH_LENGTH);
  for (let i = 0; i < BLOCK; i++) {
    inner[i] = (block[i] as number) ^ 0x36;
    outer[i] = (block[i] as number) ^ 0x5c;
  }
  inner.set(message, BLOCK);
  outer.set(conditionOf(inner), BLOCK);
  return conditionOf(outer);
}

/** The authenticator that a route's origin starts from. */
export function originAuth(routingSecret: Uint8Array, prefix: string): Uint8Array {
  return hmacSha256(routingSecret, utf8.encode(prefix));
}

/** The authenticator that a node announces for a route that it has with `auth`. */
export function nextAuth(auth: Uint8Array): Uint8Array {
  return conditionOf(auth);
}

/** Whether the holder of a secret made this route, and its path has as many nodes as the route passed since. */
export function isAuthentic(
  route: { readonly prefix: string; readonly path: readonly string[]; readonly auth: Uint8Array },
  secret: Uint8Array,
): boolean {
  let expected = originAuth(secret, route.prefix);
  for (let hops = 0; hops < route.path.length; hops++) expected = nextAuth(expected);
  return expected.every((byte, i) => byte === route.auth[i]);
}

/** An authenticator as it is kept: 32 Latin-1 characters take a quarter of the memory of a byte array. */
export type PackedAuth = string;

export function packAuth(auth: Uint8Array): PackedAuth {
  // Not spread: that walks through an iterator, and this is done for every route.
  return String.fromCharCode.apply(null, auth as unknown as number[]);
}

export function unpackAuth(packed: PackedAuth): Uint8Array {
  const auth = new Uint8Array(AUTH_LENGTH);
  for (let i = 0; i < AUTH_LENGTH; i++) auth[i] = packed.charCodeAt(i);
  return auth;
}
