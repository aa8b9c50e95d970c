/** A process of its own: opens connections, authenticates each where the server wants it, and leaves them idle. */
import { once } from 'node:events';
import { BtpType, encodeBtpPacket, octetsData, textData } from '@pennyswitch/btp';
import { WebSocket } from 'ws';

const [port, count, prefix] = process.argv.slice(2);
/** So many handshakes at a time. */
const WORKERS = 50;

let left = Number(count);
const sockets: WebSocket[] = [];
await Promise.all(Array.from({ length: WORKERS }, worker));
process.send?.('ready');

async function worker(): Promise<void> {
  while (left > 0) {
    const index = (left -= 1);
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    await once(socket, 'open');
    socket.send(authentication(`${prefix}-${index}`));
    await once(socket, 'message'); // The Response, or from a raw server the echo.
    sockets.push(socket);
  }
}

function authentication(username: string): Uint8Array {
  return encodeBtpPacket({
    type: BtpType.message,
    requestId: 1,
    protocolData: [
      octetsData('auth', new Uint8Array(0)),
      textData('auth_username', username),
      textData('auth_token', 'secret'),
    ],
  });
}
