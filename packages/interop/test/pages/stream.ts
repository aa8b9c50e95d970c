/** In a page: the browser builds of stream and btp, with what a test asks them to do. */
import { BtpClient } from '@pennyswitch/btp';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { connectStream, type StreamConnection } from '@pennyswitch/stream';

/** Credentials as they go into a page. */
export interface PageCredentials {
  readonly destination: string;
  /** Hexadecimal. */
  readonly sharedSecret: string;
}

let link: BtpClient | undefined;
let connection: StreamConnection | undefined;

const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const page = {
  /** Connects to the link, and over it to the STREAM server. */
  async connect(url: string, { destination, sharedSecret }: PageCredentials): Promise<void> {
    const client = new BtpClient({ url });
    link = client;
    await client.connect({ timeoutMs: 5000 });
    connection = await connectStream({
      send: (prepare) => client.send(prepare, { deadline: Date.now() + 30_000 }),
      credentials: {
        destination: parseIlpAddress(destination),
        sharedSecret: fromHex(sharedSecret),
      },
      asset: { code: 'USD', scale: 6 },
      // Whichever end has written everything first must not cut the other short.
      halfOpen: true,
      incoming: {
        address: parseIlpAddress('test.page'),
        register: (handler) => {
          client.handle('ilp', handler);
          return undefined;
        },
      },
    });
  },

  /** On one stream: pays, sends so many bytes, and reads what comes. Gives back the digests of both. */
  async exchange(
    money: string,
    length: number,
  ): Promise<{ sent: string; read: string; paid: string; received: string }> {
    if (connection === undefined) throw new Error('not connected');
    const stream = await connection.openStream();
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 65_536) {
      crypto.getRandomValues(bytes.subarray(at, Math.min(length, at + 65_536)));
    }
    const reading = new Response(
      stream.readable as ReadableStream<Uint8Array<ArrayBuffer>>,
    ).bytes();
    const writer = stream.writable.getWriter();
    await Promise.all([stream.sendMoney(BigInt(money)), writer.write(bytes)]);
    await writer.close();
    const read = await reading;
    return {
      sent: await sha256(bytes),
      read: await sha256(read),
      paid: stream.delivered.toString(),
      received: stream.received.toString(),
    };
  },

  async close(): Promise<void> {
    await connection?.close();
    await link?.close();
  },
};

/** The test's side of {@link page}. */
export type StreamPage = typeof page;

Object.assign(globalThis, { stream: page });
