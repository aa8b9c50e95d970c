import type { MiddlewareHandler } from 'hono';
import { conditionOf } from '@pennyswitch/ilp-packet';
import { HttpError } from './errors.js';

const encoder = new TextEncoder();

/**
 * Lets requests with `Authorization: Bearer TOKEN` pass. Tokens are compared by their hashes, and all of them, so that the time
 * which that takes tells nothing about any.
 * @param tokens what is valid at the moment: one, or several while they are rotated.
 */
export function requireBearer(tokens: () => readonly string[]): MiddlewareHandler {
  return async (context, next) => {
    const [, given] = /^bearer +(\S+)$/i.exec(context.req.header('authorization') ?? '') ?? [];
    const actual = conditionOf(encoder.encode(given ?? ''));
    let isValid = false;
    for (const token of tokens()) {
      if (areEqual(conditionOf(encoder.encode(token)), actual)) isValid = given !== undefined;
    }
    if (!isValid) {
      context.header('www-authenticate', 'Bearer');
      throw new HttpError(401, 'UNAUTHORIZED', 'a valid bearer token is needed');
    }
    await next();
  };
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0;
  for (const [i, byte] of a.entries()) difference |= byte ^ (b[i] ?? 0);
  return difference === 0;
}
