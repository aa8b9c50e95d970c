import type { Clock } from '../environment.js';
import { BodyCollector } from '../client/transport.js';
import { HttpRefusal } from '../exchange/message.js';
import { single, type Headers } from '../headers.js';

/** A request's body as it arrives: of node's HTTP/1.1 and HTTP/2 servers alike. */
export interface BodySource {
  readonly headers: Headers;
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  on(event: 'end' | 'close' | 'aborted' | 'error', listener: () => void): unknown;
  off(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  pause(): unknown;
}

/**
 * Reads a body that is neither too long nor too slow.
 * @throws HttpRefusal: 413, 408, or 400 for one that was cut off.
 */
export function readBody(
  source: BodySource,
  limit: { readonly maxBytes: number; readonly timeoutMs: number },
  clock: Clock,
): Promise<Uint8Array> {
  const announced = Number(single(source.headers, 'content-length') ?? 0);
  if (announced > limit.maxBytes) return Promise.reject(tooLong(limit.maxBytes));
  return new Promise((resolve, reject) => {
    const collector = new BodyCollector(limit.maxBytes);
    const timer = clock.setTimeout(() => {
      fail(new HttpRefusal(408, `the body took longer than ${limit.timeoutMs} ms`));
    }, limit.timeoutMs);
    let isDone = false;
    const stop = (): void => {
      isDone = true;
      clock.clearTimeout(timer);
      source.off('data', add);
    };
    const fail = (refusal: HttpRefusal): void => {
      stop();
      source.pause();
      reject(refusal);
    };
    const cut = (): void => {
      // Also comes after the end.
      if (!isDone) fail(new HttpRefusal(400, 'the body was cut off'));
    };
    const add = (chunk: Uint8Array): void => {
      if (!collector.add(chunk)) fail(tooLong(limit.maxBytes));
    };
    source.on('data', add);
    source.on('end', () => {
      stop();
      resolve(collector.body());
    });
    source.on('aborted', cut);
    source.on('error', cut);
    source.on('close', cut);
  });
}

function tooLong(maxBytes: number): HttpRefusal {
  return new HttpRefusal(413, `a body may have ${maxBytes} bytes`);
}
