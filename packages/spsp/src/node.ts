/**
 * The SPSP server on `node:http` and `node:https`, without a framework. A module of its own, so that the package's root
 * needs nothing of Node.
 *
 *     createServer({ cert, key }, nodeListener(createSpspHandler({ answer }))).listen(443)
 *
 * @packageDocumentation
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Makes a listener for the `request` event of Node's HTTP servers out of a handler such as `createSpspHandler` makes.
 * Bodies of requests are not read, since no SPSP request has one. A request that is none (a Host or a target that make no
 * URL) is answered with 400, and what the handler throws with 500.
 */
export function nodeListener(
  handle: (request: Request) => Response | Promise<Response>,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  return (incoming, outgoing) => {
    // Nobody reads the body: let it pass, or the connection stays stuck behind it.
    incoming.resume();
    const request = requestOf(incoming);
    if (request === undefined) {
      outgoing.writeHead(400).end();
      return;
    }
    Promise.resolve()
      .then(() => handle(request))
      .then((response) => write(response, outgoing))
      .catch(() => {
        if (!outgoing.headersSent) outgoing.writeHead(500);
        outgoing.end();
      });
  };
}

function requestOf(incoming: IncomingMessage): Request | undefined {
  const { method = 'GET', url = '/', headers, rawHeaders, socket } = incoming;
  const scheme = 'encrypted' in socket ? 'https' : 'http';
  // A target in absolute form (RFC 9112 3.2.2) is allowed, and names the host itself.
  const target = url.startsWith('/') ? `${scheme}://${headers.host ?? 'localhost'}${url}` : url;
  try {
    const fields = new Headers();
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      fields.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '');
    }
    return new Request(target, { method, headers: fields });
  } catch {
    return undefined;
  }
}

async function write(response: Response, outgoing: ServerResponse): Promise<void> {
  const body = new Uint8Array(await response.arrayBuffer());
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(body);
}
