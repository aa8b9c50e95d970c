import { Envelope, hmacSha256, Mac } from '#crypto';
import { childAddress, MAX_ADDRESS_LENGTH, type IlpAddress } from '@pennyswitch/ilp-address';
import { base64urlLength, decodeBase64url, encodeBase64url } from './base64url.js';
import { CredentialsError } from './credentials-error.js';
import {
  decodeTokenDetails,
  encodeTokenDetails,
  type CredentialDetails,
} from './credentials-token.js';
import { ENVELOPE_OVERHEAD } from './packet.js';
import type { RandomBytes } from './environment.js';
import { secureRandomBytes } from './random.js';

/** What a client needs to open a connection (RFC 0029 4.1). Give it over a private channel, as SPSP does. */
export interface StreamCredentials {
  /** The server's address with the token behind it; of this connection alone. */
  readonly destination: IlpAddress;
  /** 32 bytes that only the two endpoints may know. */
  readonly sharedSecret: Uint8Array;
}

/** Credentials as the server finds them again in the destination of a packet. */
export interface OpenedCredentials extends CredentialDetails {
  /** The token itself: unlike the address, never two texts for one connection. */
  readonly token: Uint8Array;
  readonly sharedSecret: Uint8Array;
}

const SERVER_SECRET_LENGTH = 32;
const IV_LENGTH = 12;

/** The keys that follow from one server secret. */
interface SecretKeys {
  readonly token: Envelope;
  readonly sharedSecret: Mac;
}

/**
 * Makes credentials, and finds them again in the address of an incoming packet, from the server's secret alone: nothing is
 * stored per connection, so one process can make them (an SPSP server) and another receive.
 *
 * The token is one segment of the address, in base64url:
 *
 *     IV (12) | tag (16) | AES-256-GCM(HMAC(secret, "pennyswitch_stream_token"), details)
 *
 * with the details as `credentials-token.ts` describes, and the shared secret of the connection is
 * HMAC(HMAC(secret, "pennyswitch_stream_shared_secret"), token). A random IV makes each token unique. Since IVs are random,
 * one secret is good for 2^32 credentials; rotate it before that.
 */
export class StreamServerSecrets {
  readonly #keys: readonly [SecretKeys, ...SecretKeys[]];

  /**
   * @param secrets 32 random bytes each. The first one makes credentials, all of them open: to rotate, put the new one
   * in front, and drop the old one when the credentials that it made are no longer in use.
   * @throws {@link CredentialsError} `BAD_SECRET`
   */
  constructor(secrets: Uint8Array | readonly Uint8Array[]) {
    const [first, ...others] = secrets instanceof Uint8Array ? [secrets] : secrets;
    if (first === undefined) throw new CredentialsError('BAD_SECRET', 'no server secret is given');
    this.#keys = [deriveKeys(first), ...others.map(deriveKeys)];
  }

  /**
   * Makes credentials for one connection.
   * @param address the server's own, to which the token is appended.
   * @param randomBytes default: the platform's cryptographic generator.
   * @throws {@link CredentialsError} `ADDRESS_TOO_LONG` where address and details do not fit into 1023 characters together
   * (RFC 0015), `BAD_DETAILS` for a detail out of its range.
   */
  create(
    address: IlpAddress,
    details: CredentialDetails = {},
    randomBytes: RandomBytes = secureRandomBytes,
  ): StreamCredentials {
    const plaintext = encodeTokenDetails(details);
    const length = address.length + 1 + base64urlLength(ENVELOPE_OVERHEAD + plaintext.length);
    if (length > MAX_ADDRESS_LENGTH) {
      throw new CredentialsError(
        'ADDRESS_TOO_LONG',
        `the address of the connection would have ${length} characters and may have ${MAX_ADDRESS_LENGTH} (RFC 0015): ` +
          `the details take ${plaintext.length} bytes, below ${address} there is room for ${detailsBudget(address)}`,
      );
    }
    const keys = this.#keys[0];
    const token = keys.token.seal(plaintext, randomBytes(IV_LENGTH));
    return {
      destination: childAddress(address, encodeBase64url(token)),
      sharedSecret: keys.sharedSecret.digest(token),
    };
  }

  /** What the segment behind the server's address stands for; undefined for one that none of the secrets has made. */
  open(segment: string): OpenedCredentials | undefined {
    const token = decodeBase64url(segment);
    if (token === undefined) return undefined;
    for (const keys of this.#keys) {
      const plaintext = keys.token.open(token);
      const details = plaintext === undefined ? undefined : decodeTokenDetails(plaintext);
      if (details !== undefined) {
        return { ...details, token, sharedSecret: keys.sharedSecret.digest(token) };
      }
    }
    return undefined;
  }
}

/**
 * How many bytes of details fit into the address of a connection below this one. A tag takes its UTF-8 length and one (two
 * from 128 on), an asset its code's and two, receipts 48, an expiry 7, a limit up to 9, and one byte says which are there.
 */
export function detailsBudget(address: IlpAddress): number {
  const characters = MAX_ADDRESS_LENGTH - address.length - 1;
  return Math.max(0, Math.floor((characters * 3) / 4) - ENVELOPE_OVERHEAD);
}

function deriveKeys(secret: Uint8Array): SecretKeys {
  if (secret.length !== SERVER_SECRET_LENGTH) {
    throw new CredentialsError(
      'BAD_SECRET',
      `a server secret has ${SERVER_SECRET_LENGTH} bytes, this one has ${secret.length}`,
    );
  }
  const label = (text: string): Uint8Array => new TextEncoder().encode(text);
  return {
    token: new Envelope(hmacSha256(secret, label('pennyswitch_stream_token'))),
    sharedSecret: new Mac(hmacSha256(secret, label('pennyswitch_stream_shared_secret'))),
  };
}
