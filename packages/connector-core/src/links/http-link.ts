import type { IlpHttpPeer } from '@pennyswitch/ilp-http';
import type { Link } from './link.js';

/** A connector closes a link once its packets have ended: what is left is replies on their way out. */
const DRAIN_MS = 1000;

/** What a link needs of ILP over HTTP: an `IlpHttpPeer`, alone or one of a server. */
export type HttpEndpoint = Pick<IlpHttpPeer, 'isConnected' | 'send' | 'handle' | 'close'>;

/**
 * A peer that is reached over HTTP (RFC 0035) as a link, in either exchange. HTTP connects when there is something to say,
 * so the link is up as long as the peer has a URL and is not closed; a peer that is away is noticed packet by packet (the
 * error says that nothing was sent, and another way is tried) and by its routes, which end without heartbeats.
 */
export function httpLink(endpoint: HttpEndpoint): Link {
  const listeners = new Set<(connected: boolean) => void>();
  return {
    get isConnected() {
      return endpoint.isConnected;
    },
    send: (octets, options) => endpoint.send(octets, options),
    setHandler(handler) {
      endpoint.handle((octets) => handler(octets));
    },
    onConnectionChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      await endpoint.close({ drainTimeoutMs: DRAIN_MS });
      for (const listener of [...listeners]) listener(false);
    },
  };
}
