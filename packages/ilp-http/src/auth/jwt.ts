import { createPublicKey, type KeyObject } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, jwtVerify, type JWTVerifyOptions } from 'jose';
import { IlpHttpConfigError } from '../errors.js';
import type { Hs256Verification, Rs256Verification } from './incoming.js';
import { secretOctets } from './outgoing.js';

/** How far a peer's clock may be behind ours, in seconds. */
const CLOCK_TOLERANCE_S = 5;

/** Where the hosts are that may serve keys without TLS: here, in tests. */
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

type Key = Uint8Array | KeyObject | ReturnType<typeof createRemoteJWKSet>;

/** One kind of signed token that a peer may show. */
export class JwtVerifier {
  /** Whose tokens; null for any. */
  readonly subject: string | null;
  readonly #key: Key;
  readonly #options: JWTVerifyOptions;

  /** @throws {@link IlpHttpConfigError} for a key that cannot be used. */
  constructor(verification: Hs256Verification | Rs256Verification) {
    const { algorithm, subject, issuer, audience } = verification;
    this.subject = subject;
    this.#key =
      algorithm === 'HS256' ? secretOctets(verification.secret) : publicKeyOf(verification);
    this.#options = {
      algorithms: [algorithm],
      requiredClaims: subject === null ? ['exp'] : ['exp', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_S,
      ...(subject !== null && { subject }),
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    };
  }

  /** When the token ends, in milliseconds since 1970, or undefined for one that is not good. */
  async verify(token: string, now: number): Promise<number | undefined> {
    const options = { ...this.#options, currentDate: new Date(now) };
    const key = this.#key;
    try {
      const { payload } =
        typeof key === 'function'
          ? await jwtVerify(token, key, options)
          : await jwtVerify(token, key, options);
      return payload.exp === undefined ? undefined : payload.exp * 1000;
    } catch {
      return undefined;
    }
  }
}

/** What a token says about its subject, not yet believed; undefined for what is no JWT. */
export function claimedSubject(
  token: string,
): { readonly subject: string | undefined } | undefined {
  try {
    return { subject: decodeJwt(token).sub };
  } catch {
    return undefined;
  }
}

function publicKeyOf(verification: Rs256Verification): Key {
  if ('jwksUrl' in verification) {
    const url = new URL(verification.jwksUrl);
    if (url.protocol !== 'https:' && !LOOPBACK.has(url.hostname)) {
      throw new IlpHttpConfigError('the URL of a key set must be https');
    }
    return createRemoteJWKSet(url);
  }
  const { publicKey } = verification;
  try {
    return createPublicKey(typeof publicKey === 'string' ? publicKey : Buffer.from(publicKey));
  } catch {
    throw new IlpHttpConfigError('the public key is not a PEM text that can be read');
  }
}
