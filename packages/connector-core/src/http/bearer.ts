import type { MiddlewareHandler } from 'hono';
import { conditionOf } from '@pennyswitch/ilp-packet';
import { HttpError } from './errors.js';

const encoder = new TextEncoder();

/**
 * Lets requests with `Authorization: Bearer TOKEN` pass. The token is compared by its hash, so that the time which that
 * takes tells nothing about it.
 */
export function requireBearer(token: string): MiddlewareHandler {
  const expected = conditionOf(encoder.encode(token));
  return async (context, next) => {
    const [, given] = /^bearer +(\S+)$/i.exec(context.req.header('authorization') ?? '') ?? [];
    const actual = conditionOf(encoder.encode(given ?? ''));
    let difference = given === undefined ? 1 : 0;
    for (const [i, byte] of expected.entries()) difference |= byte ^ (actual[i] ?? 0);
    if (difference !== 0) {
      context.header('www-authenticate', 'Bearer');
      throw new HttpError(401, 'UNAUTHORIZED', 'a valid bearer token is needed');
    }
    await next();
  };
}
