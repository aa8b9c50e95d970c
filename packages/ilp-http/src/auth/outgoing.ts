import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Clock } from '../environment.js';
import { IlpHttpConfigError } from '../errors.js';

/** How we prove to the peer who we are, beside a TLS client certificate. */
export type OutgoingAuth = BearerAuth | Hs256Auth | Rs256Auth;

/** A token that the peer gave us: the profile SIMPLE of Interledger's HTTP authentication profiles. */
export interface BearerAuth {
  readonly type: 'bearer';
  /** The token, or where to get it for each request, so that it can be rotated. */
  readonly token: string | (() => string | Promise<string>);
}

/** Short-lived tokens, made from a secret that both ends know: the profile JWT_HS_256. */
export interface Hs256Auth extends JwtClaims {
  readonly type: 'jwt-hs256';
  /** A text counts as its UTF-8. At least 32 bytes (RFC 7518, section 3.2), unless the peer insists on fewer. */
  readonly secret: string | Uint8Array;
}

/** Short-lived tokens, signed with a private key: the profile JWT_RS_256, which needs issuer and audience too. */
export interface Rs256Auth extends JwtClaims {
  readonly type: 'jwt-rs256';
  /** PEM, of at least 2048 bits. */
  readonly privateKey: string | Uint8Array;
  /** The `kid` under which the peer finds the public key in a key set. */
  readonly keyId?: string;
  readonly issuer: string;
  readonly audience: string;
}

/** What a token says. */
export interface JwtClaims {
  /** `sub`: our name at the peer. */
  readonly subject: string;
  /** `iss` */
  readonly issuer?: string;
  /** `aud` */
  readonly audience?: string;
  /** How long a token is valid; default five minutes, which the profiles advise not to exceed. */
  readonly lifetimeMs?: number;
}

const LIFETIME_MS = 300_000;

/** A token is used for this part of its lifetime, so that it is valid when it arrives, clocks a little apart or not. */
const USED_PART = 0.5;

/** Makes the `Authorization` header. A JWT is signed once and used until it is half-way to its end. */
export class OutgoingCredentials {
  readonly #auth: OutgoingAuth | undefined;
  readonly #clock: Clock;
  readonly #key: ReturnType<typeof signingKey> | undefined;
  #token: Promise<string> | undefined;
  #usedUntil = -Infinity;

  /** @throws {@link IlpHttpConfigError} for a key or a token that cannot be used. */
  constructor(auth: OutgoingAuth | undefined, clock: Clock) {
    this.#auth = auth;
    this.#clock = clock;
    if (auth?.type === 'bearer' && typeof auth.token === 'string') checkToken(auth.token);
    this.#key = auth === undefined || auth.type === 'bearer' ? undefined : signingKey(auth);
  }

  /** The header's value, or undefined where there is none. Rejects where no token can be had. */
  async authorization(): Promise<string | undefined> {
    const auth = this.#auth;
    if (auth === undefined) return undefined;
    if (auth.type === 'bearer') {
      const token = typeof auth.token === 'string' ? auth.token : await auth.token();
      checkToken(token);
      return `Bearer ${token}`;
    }
    const now = this.#clock.now();
    if (this.#token === undefined || now >= this.#usedUntil) {
      this.#usedUntil = now + (auth.lifetimeMs ?? LIFETIME_MS) * USED_PART;
      this.#token = this.#sign(auth, now);
      this.#token.catch(() => {
        this.#token = undefined;
      });
    }
    return `Bearer ${await this.#token}`;
  }

  #sign(auth: Hs256Auth | Rs256Auth, now: number): Promise<string> {
    const seconds = Math.floor(now / 1000);
    const expiry = seconds + Math.ceil((auth.lifetimeMs ?? LIFETIME_MS) / 1000);
    const jwt = new SignJWT()
      .setSubject(auth.subject)
      .setIssuedAt(seconds)
      .setExpirationTime(expiry);
    if (auth.issuer !== undefined) jwt.setIssuer(auth.issuer);
    if (auth.audience !== undefined) jwt.setAudience(auth.audience);
    const key = this.#key as ReturnType<typeof signingKey>;
    if (auth.type === 'jwt-hs256') return jwt.setProtectedHeader({ alg: 'HS256' }).sign(key);
    const { keyId } = auth;
    const header = { alg: 'RS256', ...(keyId !== undefined && { kid: keyId }) };
    return jwt.setProtectedHeader(header).sign(key);
  }
}

function signingKey(auth: Hs256Auth | Rs256Auth): Uint8Array | ReturnType<typeof createPrivateKey> {
  if (auth.type === 'jwt-hs256') return secretOctets(auth.secret);
  try {
    return createPrivateKey(
      typeof auth.privateKey === 'string' ? auth.privateKey : Buffer.from(auth.privateKey),
    );
  } catch {
    throw new IlpHttpConfigError('the private key is not a PEM text that can be read');
  }
}

/** A secret as bytes. @throws {@link IlpHttpConfigError} for an empty one. */
export function secretOctets(secret: string | Uint8Array): Uint8Array {
  const octets = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret;
  if (octets.length === 0) throw new IlpHttpConfigError('the secret of HS256 is empty');
  return octets;
}

/** @throws {@link IlpHttpConfigError} for a token that would not survive the header. */
export function checkToken(token: string): void {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new IlpHttpConfigError('a bearer token must be visible ASCII characters, at least one');
  }
}
