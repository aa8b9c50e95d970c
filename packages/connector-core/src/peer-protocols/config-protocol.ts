import { serveIldcp } from '@pennyswitch/ildcp';
import { IlpError } from '@pennyswitch/ilp-packet';
import type { NodeState } from '../node/node-state.js';
import type { PeerProtocol } from './peer-protocols.js';

/**
 * Tells children their address and asset (RFC 0031). Others are refused, and so is everybody while this node has no address
 * of its own to put a child's below.
 */
export function configProtocol(node: NodeState): PeerProtocol {
  return {
    name: 'config',
    handle: ({ account, prepare, now }) =>
      serveIldcp(
        prepare.bytes,
        () => {
          if (account.relation !== 'child') {
            throw new IlpError('F00', 'only children are given a configuration.');
          }
          const { address } = node;
          if (address === undefined || account.asset === undefined) {
            throw new IlpError('T00', 'the connector has no address yet.');
          }
          return {
            clientAddress: account.childAddress(address),
            assetCode: account.asset.code,
            assetScale: account.asset.scale,
          };
        },
        { self: node.address, now: () => now },
      ),
  };
}
