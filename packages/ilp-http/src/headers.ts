import type { RandomBytes } from './environment.js';

/** Header fields by their lower-case name, as node's HTTP servers and undici give them. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** RFC 0035: what requests and replies are. */
export const OCTET_STREAM = 'application/octet-stream';

/** The type that older deployments send (ilp-plugin-http, the Java connector's early versions). */
const ILP_OCTET_STREAM = 'application/ilp+octet-stream';

/** One field, if it came exactly once. */
export function single(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** Whether a Content-Type is that of a packet, parameters aside. */
export function isPacketType(contentType: string | undefined): boolean {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  return type === OCTET_STREAM || type === ILP_OCTET_STREAM;
}

/** Whether a body came as it is, without compression. */
export function isPlain(headers: Headers): boolean {
  const encoding = headers['content-encoding'];
  return encoding === undefined || encoding === 'identity';
}

/** Whether a `Prefer` header asks for an asynchronous answer (RFC 7240, section 4.1). */
export function prefersAsync(headers: Headers): boolean {
  const value = headers['prefer'];
  const fields = typeof value === 'string' ? [value] : (value ?? []);
  return fields
    .flatMap((field) => field.split(','))
    .some((preference) => /^\s*respond-async\s*(;|$)/i.test(preference));
}

/** The token of an `Authorization: Bearer …` header (RFC 6750). The scheme's case does not matter. */
export function bearerTokenOf(headers: Headers): string | undefined {
  const match = /^bearer +(\S+) *$/i.exec(single(headers, 'authorization') ?? '');
  return match?.[1];
}

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The UUIDv4 of a `Request-Id` header, in lower case, or undefined if it is none. */
export function requestIdOf(headers: Headers): string | undefined {
  const value = single(headers, 'request-id')?.trim().toLowerCase();
  return value !== undefined && UUID_V4.test(value) ? value : undefined;
}

/** A new UUIDv4 (RFC 9562, section 5.4). */
export function newRequestId(randomBytes: RandomBytes): string {
  const octets = Uint8Array.from(randomBytes(16));
  octets[6] = ((octets[6] as number) & 0x0f) | 0x40;
  octets[8] = ((octets[8] as number) & 0x3f) | 0x80;
  const hex = Buffer.from(octets.buffer).toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
