import { createHash, randomBytes as cryptoRandomBytes, timingSafeEqual } from 'node:crypto';
import type { RandomBytes } from './environment.js';

/** A new bearer token: 32 random bytes (profile SIMPLE of Interledger's HTTP authentication profiles) in base64url. */
export function newBearerToken(randomBytes: RandomBytes = cryptoRandomBytes): string {
  return Buffer.from(randomBytes(32)).toString('base64url');
}

/**
 * Whether a secret that a peer gave is the expected one, in a time that tells nothing about the expected one. For
 * `authenticate` callbacks: `===` stops at the first difference and so tells how much of a guess was right.
 */
export function equalSecrets(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
