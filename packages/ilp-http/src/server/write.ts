import { ServerResponse, type IncomingMessage } from 'node:http';
import {
  constants,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Answer } from '../exchange/message.js';

/** A client that goes on sending a body which nobody wants is cut off after so long, in milliseconds. */
const LINGER_MS = 500;

/**
 * Writes the answer, which the client has `timeoutMs` to take: what it does not read waits in our memory. Where the request's body was not read to its end, the client is not allowed to go on with it.
 */
export function write(
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
  answer: Answer,
  timeoutMs: number,
): void {
  if (response.destroyed || response.writableEnded) {
    answer.finished?.();
    return;
  }
  const body = answer.body ?? new Uint8Array(0);
  const isRead = request.complete;
  const headers: Record<string, string | number> = {
    ...answer.headers,
    'content-length': body.length,
  };
  if (response instanceof ServerResponse) {
    follow(response, answer, timeoutMs, () => (request as IncomingMessage).socket.destroy());
    if (!isRead) headers['connection'] = 'close';
    response.writeHead(answer.status, headers);
    response.end(body, isRead ? undefined : () => lingerHttp1(request as IncomingMessage));
    return;
  }
  const { stream } = response;
  follow(stream, answer, timeoutMs, () => stream.close(constants.NGHTTP2_CANCEL));
  response.on('error', () => undefined);
  response.writeHead(answer.status, headers);
  response.end(body, isRead ? undefined : () => lingerHttp2(stream));
}

/** The rest is thrown away; a client that does not stop by itself is told to after a while. */
function lingerHttp2(stream: ServerHttp2Stream): void {
  stream.resume();
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), LINGER_MS);
  timer.unref();
  stream.once('close', () => clearTimeout(timer));
}

/** Closing at once, with unread bytes waiting, would reset the connection and could take the answer with it. */
function lingerHttp1(request: IncomingMessage): void {
  const { socket } = request;
  request.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
}

/** Notes when the answer is out, and cuts a client that does not take it. */
function follow(
  response: ServerResponse | ServerHttp2Stream,
  { finished }: Answer,
  timeoutMs: number,
  cut: () => void,
): void {
  const done = (): void => {
    clearTimeout(timer);
    finished?.();
  };
  const timer = setTimeout(() => {
    cut();
    // Node tells the answer that was being written, but not those that are queued behind it.
    done();
  }, timeoutMs);
  timer.unref();
  response.once('finish', done).once('close', done);
}
