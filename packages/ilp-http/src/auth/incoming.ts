/** How a peer proves to us who it is. With certificates and any kind of token given, it has to have both. */
export interface IncomingAuth {
  /** The tokens that it may show, several while they are being rotated. */
  readonly tokens?: readonly string[];
  /** The signed tokens that it may show, several while keys are being rotated. */
  readonly jwt?: readonly (Hs256Verification | Rs256Verification)[];
  /** The TLS client certificates that it may show. */
  readonly certificates?: readonly PeerCertificateMatch[];
}

/** The profile JWT_HS_256 of Interledger's HTTP authentication profiles. */
export interface Hs256Verification {
  readonly algorithm: 'HS256';
  /** A text counts as its UTF-8. */
  readonly secret: string | Uint8Array;
  /** What `sub` must be. `null` takes tokens without claims but the expiry, which npm ilp-plugin-http makes. */
  readonly subject: string | null;
  /** What `iss` and `aud` must be, where given. */
  readonly issuer?: string;
  readonly audience?: string;
}

/** The profile JWT_RS_256, whose tokens name issuer and audience. The key is given as it is, or as a key set (RFC 7517). */
export type Rs256Verification = {
  readonly algorithm: 'RS256';
  readonly subject: string;
  readonly issuer: string;
  readonly audience: string;
} & (
  | { readonly publicKey: string | Uint8Array /* PEM */ }
  | { readonly jwksUrl: string | URL /* https, fetched when needed and kept, see key-set.ts */ }
);

/** A certificate, by itself (any signature, also its own) or by its name where one of the server's authorities signed it. */
export type PeerCertificateMatch =
  | { readonly fingerprint256: string /* SHA-256 in hex, with or without colons */ }
  | {
      readonly name: string; /* a DNS name of the certificate, or its common name if it has none */
    };

/** The part of a client's certificate that names its owner. */
export interface PeerCertificate {
  /** Whether one of the server's `clientCa` signed it. Where false, anybody may have made it. */
  readonly authorized: boolean;
  /** DNS names of the subject, else the common name. */
  readonly names: readonly string[];
  /** SHA-256 of the certificate, upper-case hex with colons. */
  readonly fingerprint256: string;
}

/** Whether the certificate is one of those. */
export function matchesCertificate(
  wanted: readonly PeerCertificateMatch[],
  certificate: PeerCertificate | undefined,
): boolean {
  if (certificate === undefined) return false;
  return wanted.some((match) =>
    'fingerprint256' in match
      ? hexOf(match.fingerprint256) === hexOf(certificate.fingerprint256)
      : certificate.authorized && certificate.names.includes(match.name),
  );
}

function hexOf(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}
