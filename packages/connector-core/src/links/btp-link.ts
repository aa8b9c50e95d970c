import type { BtpEndpoint } from '@pennyswitch/btp';
import type { Link } from './link.js';

/** A connector closes a link once its packets have ended: what is left is replies on their way out, and late ones in. */
const DRAIN_MS = 1000;

/**
 * A BTP connection as a link: a client's, or one account of a server. Packets travel under the sub-protocol `ilp`
 * (RFC 0023); its errors already say whether a packet was sent.
 */
export function btpLink(endpoint: BtpEndpoint): Link {
  return {
    get isConnected() {
      return endpoint.isConnected;
    },
    send: (octets, options) => endpoint.send(octets, options),
    setHandler(handler) {
      endpoint.handle('ilp', (octets) => handler(octets));
    },
    onConnectionChange(listener) {
      const connected = (): void => {
        listener(true);
      };
      const disconnected = (): void => {
        listener(false);
      };
      endpoint.on('connect', connected);
      endpoint.on('disconnect', disconnected);
      return () => {
        endpoint.off('connect', connected);
        endpoint.off('disconnect', disconnected);
      };
    },
    close: () => endpoint.close({ drainTimeoutMs: DRAIN_MS }),
  };
}
