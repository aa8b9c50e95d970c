import { createPublicKey, type KeyObject } from 'node:crypto';
import { decodeJwt, errors, jwtVerify, type JWTVerifyOptions } from 'jose';
import type { Environment } from '../environment.js';
import { IlpHttpConfigError } from '../errors.js';
import type { Hs256Verification, Rs256Verification } from './incoming.js';
import { KeySet, KeysUnavailable, type FetchKeys } from './key-set.js';
import { secretOctets } from './outgoing.js';

/** How far a peer's clock may be behind ours, in seconds. */
const CLOCK_TOLERANCE_S = 5;

/** Where the hosts are that may serve keys without TLS: here, in tests. */
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

type Key = Uint8Array | KeyObject;

/** One kind of signed token that a peer may show. */
export class JwtVerifier {
  /** Whose tokens; null for any. */
  readonly subject: string | null;
  readonly #key: Key | KeySet;
  readonly #options: JWTVerifyOptions;

  /** @throws {@link IlpHttpConfigError} for a key that cannot be used. */
  constructor(
    verification: Hs256Verification | Rs256Verification,
    environment: Environment,
    fetchKeys?: FetchKeys,
  ) {
    const { algorithm, subject, issuer, audience } = verification;
    this.subject = subject;
    if (algorithm === 'HS256') this.#key = secretOctets(verification.secret);
    else if ('publicKey' in verification) this.#key = publicKeyOf(verification.publicKey);
    else this.#key = new KeySet(keySetUrl(verification.jwksUrl), fetchKeys, environment);
    this.#options = {
      algorithms: [algorithm],
      requiredClaims: subject === null ? ['exp'] : ['exp', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_S,
      ...(subject !== null && { subject }),
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    };
  }

  /**
   * When the token ends, in milliseconds since 1970, or undefined for one that is not good.
   * @throws {@link KeysUnavailable} where that cannot be known for now.
   */
  async verify(token: string, now: number): Promise<number | undefined> {
    const key = this.#key;
    const options = { ...this.#options, currentDate: new Date(now) };
    try {
      if (!(key instanceof KeySet)) return endOf(await jwtVerify(token, key, options));
      return await verifyWithSet(token, key, options);
    } catch (error) {
      if (error instanceof KeysUnavailable) throw error;
      return undefined;
    }
  }
}

/** With the key that the token names; where it names none, with each that could be the one. */
async function verifyWithSet(
  token: string,
  keys: KeySet,
  options: JWTVerifyOptions,
): Promise<number | undefined> {
  for (;;) {
    try {
      return endOf(await jwtVerify(token, keys.find, options));
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys) {
        for await (const key of error) {
          const end = await jwtVerify(token, key, options).then(endOf, () => undefined);
          if (end !== undefined) return end;
        }
      } else if (!isAboutTheKey(error)) throw error;
      // Perhaps signed with a key that the peer has published since.
      if (!(await keys.lookAgain())) throw error;
    }
  }
}

function isAboutTheKey(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWSSignatureVerificationFailed
  );
}

function endOf({ payload }: { payload: { exp?: number } }): number | undefined {
  return payload.exp === undefined ? undefined : payload.exp * 1000;
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

function keySetUrl(given: string | URL): URL {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol === 'https:') return url;
  if (url?.protocol === 'http:' && LOOPBACK.has(url.hostname)) return url;
  throw new IlpHttpConfigError('the URL of a key set must be https');
}

function publicKeyOf(publicKey: string | Uint8Array): KeyObject {
  try {
    return createPublicKey(typeof publicKey === 'string' ? publicKey : Buffer.from(publicKey));
  } catch {
    throw new IlpHttpConfigError('the public key is not a PEM text that can be read');
  }
}
