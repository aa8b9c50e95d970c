import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { checkServerIdentity, rootCertificates, type PeerCertificate } from 'node:tls';
import { SpspError } from '../errors.js';
import type { FetchFunction } from '../redirects.js';
import { isPrivateAddress } from './private-addresses.js';

/** Options of {@link createNodeFetch}. */
export interface NodeFetchOptions {
  /** Certificate authorities (PEM) to trust beside the usual ones. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /**
   * Whether requests may go into private networks and to this machine; default false. A server that resolves pointers for
   * others leaves it so, or they reach what only it can reach (SSRF).
   */
  readonly allowPrivateAddresses?: boolean;
  /**
   * Connects to another host and port instead, as curl's `--connect-to` does: name and certificate stay those of the URL.
   * What it gives is trusted, so it may be private.
   */
  readonly connectTo?: (
    host: string,
    port: number,
  ) => { readonly host: string; readonly port: number } | undefined;
  /** Resolves a name; default: the system's resolver. */
  readonly lookup?: (
    hostname: string,
    callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
  ) => void;
}

/** The longest header of a response, in bytes. */
const MAX_HEADER_BYTES = 16_384;

/**
 * A `fetch` on Node for `SpspClient` and for webhooks. It resolves a name once per request, refuses addresses that are not
 * public, and connects to one of the addresses that it has checked, so that a name cannot lead elsewhere between check and
 * use (DNS rebinding). Redirects are not followed here: the client sends each as a request of its own, which is checked anew.
 * Bodies are texts or bytes; others are refused with a TypeError.
 */
export function createNodeFetch(options: NodeFetchOptions = {}): FetchFunction {
  const ca =
    options.ca === undefined ? undefined : [...rootCertificates, ...authorities(options.ca)];
  return (url, init) =>
    new Promise((resolve, reject) => {
      const target = new URL(url);
      const body = bodyOf(init);
      const request = (target.protocol === 'https:' ? httpsRequest : httpRequest)({
        ...whereTo(target, options),
        method: init.method ?? 'GET',
        path: `${target.pathname}${target.search}`,
        headers: {
          host: target.host,
          // Nothing is unpacked here; without this field a server may pack as it likes (RFC 9110 12.5.3).
          'accept-encoding': 'identity',
          ...Object.fromEntries(new Headers(init.headers)),
          ...(body === undefined ? {} : { 'content-length': body.length.toString() }),
        },
        // A connection of its own: one that was kept could be of an address that was allowed to somebody else.
        agent: false,
        maxHeaderSize: MAX_HEADER_BYTES,
        ...(init.signal instanceof AbortSignal ? { signal: init.signal } : {}),
        ...(ca === undefined ? {} : { ca }),
      });
      request.on('error', reject);
      // Some answers end the connection without an error, such as 101 with an upgrade that nobody asked for.
      request.once('close', () => {
        reject(new Error('the connection was closed without an answer'));
      });
      request.once('response', (incoming) => {
        try {
          resolve(responseOf(incoming));
        } catch (error) {
          request.destroy();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
      request.end(body);
    });
}

function bodyOf({ body }: RequestInit): Uint8Array | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') return new TextEncoder().encode(body);
  if (body instanceof Uint8Array) return body;
  throw new TypeError('a body must be a text or bytes');
}

function authorities(ca: NonNullable<NodeFetchOptions['ca']>): string[] {
  const list = typeof ca === 'string' || ca instanceof Uint8Array ? [ca] : ca;
  return list.map((each) => (typeof each === 'string' ? each : new TextDecoder().decode(each)));
}

function whereTo(target: URL, options: NodeFetchOptions): RequestOptions {
  const hostname = target.hostname.replace(/^\[|\]$/g, '');
  const port = Number(target.port || (target.protocol === 'https:' ? 443 : 80));
  const tls = {
    // TLS names hosts, never addresses, and without the dot at the end (RFC 6066 3).
    servername: isIP(hostname) === 0 ? hostname.replace(/\.$/, '') : '',
    // The certificate is of who the URL names, wherever the connection goes.
    checkServerIdentity: (_: string, certificate: PeerCertificate) =>
      checkServerIdentity(hostname, certificate),
  };
  const instead = options.connectTo?.(hostname, port);
  if (instead !== undefined) return { host: instead.host, port: instead.port, ...tls };
  if (options.allowPrivateAddresses === true && options.lookup === undefined) {
    return { host: hostname, port, ...tls };
  }
  // No lookup takes place for an address.
  if (isIP(hostname) !== 0) checkAddresses(hostname, [hostname], options);
  return { host: hostname, port, ...tls, lookup: checkedLookup(options) };
}

function checkedLookup(options: NodeFetchOptions): LookupFunction {
  const resolveAll =
    options.lookup ??
    ((hostname, callback) => {
      systemLookup(hostname, { all: true }, callback);
    });
  return (hostname, { all }, callback) => {
    resolveAll(hostname, (error, addresses) => {
      const [first] = addresses;
      try {
        if (error !== null) throw error;
        if (first === undefined) throw new Error(`${hostname} has no address`);
        checkAddresses(
          hostname,
          addresses.map(({ address }) => address),
          options,
        );
        if (all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      } catch (cause) {
        callback(cause instanceof Error ? cause : new Error(String(cause)), []);
      }
    });
  };
}

/** One private address among public ones is enough: whoever controls the name meant something by it. */
function checkAddresses(
  hostname: string,
  addresses: readonly string[],
  { allowPrivateAddresses }: NodeFetchOptions,
): void {
  if (allowPrivateAddresses === true || !addresses.some(isPrivateAddress)) return;
  throw new SpspError(
    'FORBIDDEN_ADDRESS',
    `${hostname} is in no public network, and this client goes nowhere else`,
  );
}

/** Statuses whose responses have no body (Fetch "null body status"). */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** @throws Error for a status that HTTP does not have, or a field that is none. */
function responseOf(incoming: IncomingMessage): Response {
  const { statusCode: status = 0, rawHeaders } = incoming;
  if (status < 200 || status > 599) throw new Error(`the answer has the status ${status}`);
  const headers = new Headers();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    headers.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '');
  }
  if (WITHOUT_BODY.has(status)) {
    incoming.resume();
    return new Response(null, { status, headers });
  }
  return new Response(Readable.toWeb(incoming) as ReadableStream<Uint8Array>, { status, headers });
}
