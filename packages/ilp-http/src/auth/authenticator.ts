import { createHash } from 'node:crypto';
import type { Environment } from '../environment.js';
import { IlpHttpConfigError } from '../errors.js';
import { bearerTokenOf, type Headers } from '../headers.js';
import { matchesCertificate, type IncomingAuth, type PeerCertificate } from './incoming.js';
import { claimedSubject, JwtVerifier } from './jwt.js';
import { KeysUnavailable, type FetchKeys } from './key-set.js';
import { checkToken } from './outgoing.js';

/** How many verified JWTs are remembered: a peer shows the same one many times. */
const MAX_VERIFIED = 1024;

/** What a peer has to show. */
interface Entry {
  readonly id: string;
  readonly auth: IncomingAuth;
  /** SHA-256 of each token. */
  readonly digests: readonly string[];
  readonly verifiers: readonly JwtVerifier[];
}

/**
 * Finds out which peer a request comes from. Tokens are kept and looked up as their SHA-256 only: how long that takes
 * depends on digests, which an attacker cannot steer towards the right one, so it tells nothing about a token.
 */
export class Authenticator {
  readonly #environment: Environment;
  readonly #fetchKeys: FetchKeys | undefined;
  readonly #entries = new Map<string, Entry>();
  readonly #byDigest = new Map<string, Entry>();
  /** JWTs that were good, by digest, until they end. */
  readonly #verified = new Map<string, { readonly entry: Entry; readonly endsAt: number }>();

  constructor(environment: Environment, fetchKeys?: FetchKeys) {
    this.#environment = environment;
    this.#fetchKeys = fetchKeys;
  }

  /**
   * Sets or replaces what a peer has to show.
   * @throws {@link IlpHttpConfigError} for a key or token that cannot be used, or that another peer has.
   */
  set(id: string, auth: IncomingAuth): void {
    const digests = (auth.tokens ?? []).map((token) => {
      checkToken(token);
      return digestOf(token);
    });
    for (const digest of digests) {
      const owner = this.#byDigest.get(digest);
      if (owner !== undefined && owner.id !== id) {
        throw new IlpHttpConfigError(`peers ${owner.id} and ${id} have the same bearer token`);
      }
    }
    const verifiers = (auth.jwt ?? []).map(
      (verification) => new JwtVerifier(verification, this.#environment, this.#fetchKeys),
    );
    this.delete(id);
    const entry: Entry = { id, auth, digests, verifiers };
    this.#entries.set(id, entry);
    for (const digest of digests) this.#byDigest.set(digest, entry);
  }

  delete(id: string): void {
    for (const digest of this.#entries.get(id)?.digests ?? []) this.#byDigest.delete(digest);
    this.#entries.delete(id);
    this.#verified.clear();
  }

  /**
   * The peer's id, or undefined: nothing tells whether a peer, a token or a certificate was wrong.
   * @throws {@link KeysUnavailable} where a token may be good, but the keys cannot be fetched.
   */
  async authenticate(
    headers: Headers,
    certificate: PeerCertificate | undefined,
  ): Promise<string | undefined> {
    const token = bearerTokenOf(headers);
    const byToken = token === undefined ? undefined : await this.#byToken(token);
    if (byToken === undefined) return this.#byCertificate(certificate)?.id;
    const { certificates } = byToken.auth;
    if (certificates !== undefined && !matchesCertificate(certificates, certificate)) {
      return undefined;
    }
    return byToken.id;
  }

  async #byToken(token: string): Promise<Entry | undefined> {
    const digest = digestOf(token);
    const known = this.#byDigest.get(digest);
    if (known !== undefined) return known;
    const now = this.#environment.clock.now();
    const verified = this.#verified.get(digest);
    if (verified !== undefined && now < verified.endsAt) return verified.entry;
    this.#verified.delete(digest);
    return this.#byJwt(token, digest, now);
  }

  async #byJwt(token: string, digest: string, now: number): Promise<Entry | undefined> {
    const claimed = claimedSubject(token);
    if (claimed === undefined) return undefined;
    let unavailable: KeysUnavailable | undefined;
    for (const entry of this.#entries.values()) {
      for (const verifier of entry.verifiers) {
        if (verifier.subject !== null && verifier.subject !== claimed.subject) continue;
        let endsAt: number | undefined;
        try {
          endsAt = await verifier.verify(token, now);
        } catch (error) {
          if (!(error instanceof KeysUnavailable)) throw error;
          unavailable = error;
        }
        if (endsAt === undefined) continue;
        // The peer may have been removed, or been given other keys, while the signature was checked.
        if (this.#entries.get(entry.id) !== entry) return undefined;
        this.#remember(digest, entry, endsAt);
        return entry;
      }
    }
    if (unavailable !== undefined) throw unavailable;
    return undefined;
  }

  #remember(digest: string, entry: Entry, endsAt: number): void {
    if (this.#verified.size >= MAX_VERIFIED) {
      for (const oldest of this.#verified.keys()) {
        this.#verified.delete(oldest);
        break;
      }
    }
    this.#verified.set(digest, { entry, endsAt });
  }

  /** Of the peers that need nothing but a certificate. */
  #byCertificate(certificate: PeerCertificate | undefined): Entry | undefined {
    if (certificate === undefined) return undefined;
    for (const entry of this.#entries.values()) {
      const { certificates } = entry.auth;
      const needsToken = entry.digests.length > 0 || entry.verifiers.length > 0;
      if (certificates === undefined || needsToken) continue;
      if (matchesCertificate(certificates, certificate)) return entry;
    }
    return undefined;
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
