import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientInfo, PlainRequest, PlainResponse, SpspHandler } from '../server.js';

/** What can be put behind Node's HTTP servers: an SPSP handler, or any function from `Request` to `Response`. */
export type NodeHandler =
  SpspHandler | ((request: Request, info: ClientInfo) => Response | Promise<Response>);

/** Answers one request of Node's HTTP servers. */
export type NodeListener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/** The longest body that a handler other than an SPSP handler is given, in bytes. */
const MAX_BODY_BYTES = 16_384;

/**
 * Makes a listener for the `request` event of Node's HTTP servers. A request that is none (a Host or a target that make no
 * URL) is answered with 400, a body above 16 KiB with 413, and what the handler throws with 500. Of SPSP requests no body is
 * read, since none has one.
 */
export function nodeListener(handle: NodeHandler): NodeListener {
  const answer = 'plain' in handle ? plainAnswer(handle) : webAnswer(handle);
  return (incoming, outgoing) => {
    answer(incoming).then(
      (response) => {
        write(response, outgoing);
      },
      () => {
        write({ status: 500, headers: {}, body: '' }, outgoing);
      },
    );
  };
}

type Answer = (incoming: IncomingMessage) => Promise<PlainResponse>;

const BAD_REQUEST: PlainResponse = { status: 400, headers: {}, body: '' };
const BODY_TOO_LARGE: PlainResponse = {
  status: 413,
  headers: { connection: 'close' },
  body: '',
};

function plainAnswer({ plain }: SpspHandler): Answer {
  return (incoming) => {
    // Nobody reads a body: let it pass, or the connection stays stuck behind it. Most requests have none.
    if (hasBody(incoming)) incoming.resume();
    const request = plainRequest(incoming);
    return request === undefined ? Promise.resolve(BAD_REQUEST) : plain(request);
  };
}

/** RFC 9112 6.3. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

/** A target that is plainly a path: the usual case, for which no URL need be made. */
const PLAIN_PATH = /^\/(?!\/)[A-Za-z0-9\-_~!$&'()*+,;=:@/]*$|^\/\.well-known\/pay$/;
const HOST = /^[A-Za-z0-9\-._~]+(:[0-9]{1,5})?$/;

function plainRequest(incoming: IncomingMessage): PlainRequest | undefined {
  const { method = 'GET', url: target = '/', headers } = incoming;
  let path = target;
  if (!PLAIN_PATH.test(target) || !HOST.test(headers.host ?? 'localhost')) {
    const url = urlOf(incoming);
    if (url === undefined) return undefined;
    path = url.pathname;
  }
  return {
    method,
    path,
    header: (name) => {
      const value = headers[name.toLowerCase()];
      return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
    },
    clientAddress: incoming.socket.remoteAddress,
  };
}

function webAnswer(
  handle: (request: Request, info: ClientInfo) => Response | Promise<Response>,
): Answer {
  return async (incoming) => {
    const body = await readBody(incoming);
    if (body === undefined) return BODY_TOO_LARGE;
    const request = webRequest(incoming, body);
    if (request === undefined) return BAD_REQUEST;
    const response = await handle(request, { clientAddress: incoming.socket.remoteAddress });
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
  };
}

/** The whole body; undefined where it is longer than it may be. */
async function readBody(incoming: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const body = new Uint8Array(MAX_BODY_BYTES);
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    if (length + chunk.length > MAX_BODY_BYTES) return undefined;
    body.set(chunk, length);
    length += chunk.length;
  }
  return body.subarray(0, length);
}

function webRequest(incoming: IncomingMessage, body: Uint8Array<ArrayBuffer>): Request | undefined {
  const { method = 'GET', rawHeaders } = incoming;
  const url = urlOf(incoming);
  if (url === undefined) return undefined;
  try {
    const headers = new Headers();
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      headers.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '');
    }
    return new Request(url, body.length === 0 ? { method, headers } : { method, headers, body });
  } catch {
    return undefined;
  }
}

function urlOf({ url: target = '/', headers, socket }: IncomingMessage): URL | undefined {
  const scheme = 'encrypted' in socket ? 'https' : 'http';
  // A target in absolute form (RFC 9112 3.2.2) is allowed, and names the host itself.
  const text = target.startsWith('/')
    ? `${scheme}://${headers.host ?? 'localhost'}${target}`
    : target;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) && url.username === '' ? url : undefined;
}

function write({ status, headers, body }: PlainResponse, outgoing: ServerResponse): void {
  if (outgoing.headersSent || outgoing.destroyed) return;
  // With its length known the answer goes out whole; of HEAD and 204 Node keeps the body back itself.
  outgoing.writeHead(
    status,
    status === 204 ? headers : { ...headers, 'content-length': byteLength(body) },
  );
  outgoing.end(body);
}

const encoder = new TextEncoder();

function byteLength(text: string): number {
  return encoder.encode(text).length;
}
