import { ContentType, type ProtocolData } from './packet.js';
import { findData, octetsData, textData } from './protocol-data.js';

const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const UTF8 = new TextEncoder();

/** What a client says about itself in its first Message (RFC 0023 "Authentication"). */
export interface AuthenticationData {
  /** From the `auth_username` entry, which is a custom of deployed peers; empty where there is none. */
  readonly username: string;
  /** From the `auth_token` entry. A secret: never log it, and compare it with {@link equalSecrets}. */
  readonly token: string;
  /** All entries, for those that the server understands beside these. */
  readonly protocolData: readonly ProtocolData[];
}

/** The entries of the first Message. `extra` follow; they are named neither `auth` nor `auth_token`. */
export function authenticationData(
  username: string,
  token: string,
  extra: readonly ProtocolData[] = [],
): ProtocolData[] {
  return [
    octetsData('auth', new Uint8Array(0)),
    textData('auth_username', username),
    textData('auth_token', token),
    ...extra,
  ];
}

/** Reads the entries of the first Message, or says which rule they break. */
export function credentialsOf(protocolData: readonly ProtocolData[]): AuthenticationData | string {
  const [primary] = protocolData;
  if (primary?.protocolName !== 'auth') {
    return 'the first packet must be a Message whose first sub-protocol is auth';
  }
  if (primary.contentType !== ContentType.octetStream || primary.data.length > 0) {
    return 'the auth sub-protocol must be an empty octet stream';
  }
  const tokenOctets = findData(protocolData, 'auth_token');
  if (tokenOctets === undefined) return 'the auth_token sub-protocol is missing';
  const token = textOf(tokenOctets);
  const username = textOf(findData(protocolData, 'auth_username') ?? new Uint8Array(0));
  if (token === undefined || username === undefined) {
    return 'auth_token and auth_username must be UTF-8';
  }
  return { username, token, protocolData };
}

function textOf(octets: Uint8Array): string | undefined {
  try {
    return TEXT.decode(octets);
  } catch {
    return undefined;
  }
}

/**
 * Whether a secret that a peer gave is the expected one, in a time that depends on the given one's length only. For
 * `authenticate` callbacks: `===` stops at the first difference and so tells how much of a guess was right.
 */
export function equalSecrets(given: string | Uint8Array, expected: string | Uint8Array): boolean {
  const a = typeof given === 'string' ? UTF8.encode(given) : given;
  const b = typeof expected === 'string' ? UTF8.encode(expected) : expected;
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) {
    difference |= (a[i] as number) ^ (b[b.length === 0 ? 0 : i % b.length] ?? 0);
  }
  return difference === 0;
}
