/**
 * Why a text is no payment pointer:
 * - `NO_DOLLAR`: it does not start with `$`;
 * - `NOT_ASCII`: it has a character outside ASCII, with which one host can be made to look like another;
 * - `BAD_HOST`: its host is empty or no valid host;
 * - `HAS_USERINFO`, `HAS_PORT`, `HAS_QUERY`, `HAS_FRAGMENT`: parts of a URL that a payment pointer does not have;
 * - `BAD_PATH`: its path has a character that must be percent-encoded;
 * - `NOT_HTTPS`: it is a URL, but not of https.
 */
export type PaymentPointerProblem =
  | 'NO_DOLLAR'
  | 'NOT_ASCII'
  | 'BAD_HOST'
  | 'HAS_USERINFO'
  | 'HAS_PORT'
  | 'HAS_QUERY'
  | 'HAS_FRAGMENT'
  | 'BAD_PATH'
  | 'NOT_HTTPS';

const SENTENCES: Record<PaymentPointerProblem, string> = {
  NO_DOLLAR: 'it does not start with "$"',
  NOT_ASCII: 'it has a character outside ASCII',
  BAD_HOST: 'it has no valid host behind the "$"',
  HAS_USERINFO: 'it has a user name ("@"), which a payment pointer cannot have',
  HAS_PORT: 'it has a port, which a payment pointer cannot have',
  HAS_QUERY: 'it has a query ("?"), which a payment pointer cannot have',
  HAS_FRAGMENT: 'it has a fragment ("#"), which a payment pointer cannot have',
  BAD_PATH: 'its path has a character that must be percent-encoded',
  NOT_HTTPS: 'its URL does not start with "https://"',
};

/** A text that RFC 0026 does not allow as a payment pointer. */
export class PaymentPointerError extends Error {
  override readonly name = 'PaymentPointerError';
  /** What is wrong, for programs. */
  readonly code: PaymentPointerProblem;
  /** The text as it was given. */
  readonly value: string;

  constructor(value: string, code: PaymentPointerProblem) {
    const shown = value.length > 100 ? `${value.slice(0, 100)}…` : value;
    super(`${JSON.stringify(shown)} is no payment pointer: ${SENTENCES[code]} (RFC 0026)`);
    this.code = code;
    this.value = value;
  }
}

/** A payment pointer, checked and in its normal form. */
export interface PaymentPointer {
  /** Lower case; an IP address in its usual form; never with a port. */
  readonly host: string;
  /** Starts with `/`; `/.well-known/pay` where the pointer has no path. */
  readonly path: string;
  /** The https URL of the SPSP endpoint that it stands for (RFC 0026 "Resolution"). */
  readonly url: string;
  /** The pointer in its normal form, for people: two that are equal here stand for the same endpoint. */
  readonly text: string;
}

const DEFAULT_PATH = '/.well-known/pay';
// RFC 3986 path-abempty: pchar are unreserved, percent-encoded, sub-delims, ":" and "@".
const PATH = /^(?:\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*)*$/;
// A name as DNS has them, or an address: without the percent-encoding and sub-delims of RFC 3986, which only disguise.
const HOST = /^(?:[A-Za-z0-9\-_~]+(?:\.[A-Za-z0-9\-_~]+)*\.?|\[[0-9A-Fa-f:.]+\])$/;

/**
 * Reads a payment pointer (RFC 0026 "Payment Pointer Syntax").
 * @throws {@link PaymentPointerError} that says why it is none.
 */
export function parsePaymentPointer(text: string): PaymentPointer {
  const problem = findProblem(text);
  if (problem !== undefined) throw new PaymentPointerError(text, problem);
  const { hostname, pathname } = new URL(`https://${text.slice(1)}`);
  return pointerOf(hostname, pathname);
}

/** Whether a text is a payment pointer (RFC 0026). */
export function isPaymentPointer(text: string): boolean {
  return findProblem(text) === undefined;
}

/**
 * The payment pointer for an SPSP endpoint.
 * @param url an https URL without user, port, query and fragment.
 * @throws {@link PaymentPointerError} for a URL that no payment pointer stands for.
 */
export function paymentPointerOf(url: string): PaymentPointer {
  const match = /^https:\/\/(.*)$/i.exec(url);
  if (match === null) throw new PaymentPointerError(url, 'NOT_HTTPS');
  return parsePaymentPointer(`$${match[1] ?? ''}`);
}

function pointerOf(host: string, pathname: string): PaymentPointer {
  const path = pathname === '/' ? DEFAULT_PATH : pathname;
  const normal = normalPath(path);
  return {
    host,
    path,
    url: `https://${host}${path}`,
    text: `$${host}${normal === DEFAULT_PATH ? '' : normal}`,
  };
}

/** A path with one spelling for each character (RFC 3986 6.2.2): `%7e` and `%7E` are `~`, `%2f` is `%2F`. */
function normalPath(path: string): string {
  return path.replace(/%[0-9A-Fa-f]{2}/g, (encoded) => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : encoded.toUpperCase();
  });
}

function findProblem(text: string): PaymentPointerProblem | undefined {
  if (!text.startsWith('$')) return 'NO_DOLLAR';
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return 'NOT_ASCII';
  const rest = text.slice(1);
  if (rest.includes('#')) return 'HAS_FRAGMENT';
  if (rest.includes('?')) return 'HAS_QUERY';
  const slash = rest.indexOf('/');
  const host = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? '' : rest.slice(slash);
  if (host.includes('@')) return 'HAS_USERINFO';
  if (/:[0-9]*$/.test(host) && !host.endsWith(']')) return 'HAS_PORT';
  if (!HOST.test(host) || !URL.canParse(`https://${host}`)) return 'BAD_HOST';
  return PATH.test(path) ? undefined : 'BAD_PATH';
}
