/** `#websocket-server` where nobody can listen. */
import type { MakeAcceptor } from './acceptor.js';

export const makeAcceptor: MakeAcceptor = () => {
  throw new TypeError('a BtpServer needs Node: browsers and workers cannot accept connections');
};
