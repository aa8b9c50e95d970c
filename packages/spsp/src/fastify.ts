/**
 * The SPSP server as a plugin of Fastify 5, which the application installs.
 *
 *     await app.register(spspPlugin, { handler: createSpspHandler({ answer }), path: '/pay/*' });
 *
 * @packageDocumentation
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SpspHandler } from './server.js';

/** Options of {@link spspPlugin}. */
export interface SpspPluginOptions {
  readonly handler: SpspHandler;
  /** Which paths are SPSP endpoints; default `/.well-known/pay`. */
  readonly path?: string;
}

/** Registers the routes of an SPSP endpoint: GET, HEAD and OPTIONS. The address for rate limits is Fastify's `request.ip`. */
export function spspPlugin(
  app: FastifyInstance,
  { handler, path = '/.well-known/pay' }: SpspPluginOptions,
  done: (error?: Error) => void,
): void {
  const serve = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { status, headers, body } = await handler.plain({
      method: request.method,
      // Joined, not resolved: of `//x/bob` the path is all, and not `/bob`.
      path: new URL(`https://localhost${request.url}`).pathname,
      header: (name) => {
        const value = request.headers[name.toLowerCase()];
        return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
      },
      clientAddress: request.ip,
    });
    // As bytes, or Fastify adds a charset to the type, which RFC 0009 does not have.
    return reply.code(status).headers(headers).send(new TextEncoder().encode(body));
  };
  app.route({ method: ['GET', 'HEAD', 'OPTIONS'], url: path, handler: serve });
  done();
}
