/** In a page: the browser build of btp, with what a test asks it to do. */
import { BtpClient, type BtpPolicy } from '@pennyswitch/btp';

let client: BtpClient | undefined;
/** What the server asked us. */
const asked: string[] = [];

const page = {
  /** Connects; gives back how that ended. */
  async connect(url: string, policy: Partial<BtpPolicy> = {}): Promise<string> {
    client = new BtpClient({ url, policy });
    client.handle('ilp', (octets) => {
      asked.push(octets.join());
      return Promise.resolve(octets.toReversed());
    });
    try {
      await client.connect({ timeoutMs: 5000 });
      return 'connected';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  },

  /** Sends so many packets of so many bytes at once; gives back how many came back reversed. */
  async send(count: number, length: number): Promise<number> {
    const answers = Array.from({ length: count }, async (_, i) => {
      const octets = Uint8Array.from({ length }, (_byte, at) => (at * 7 + i) & 0xff);
      const reply = await client?.send(octets, { deadline: Date.now() + 20_000 });
      return reply?.join() === octets.toReversed().join();
    });
    return (await Promise.all(answers)).filter(Boolean).length;
  },

  /** Resolves when the connection is there again. */
  async reconnected(): Promise<void> {
    if (client?.isConnected === true) return;
    await new Promise<void>((resolve) => client?.once('connect', resolve));
  },

  asked: (): string[] => asked,

  close: (): Promise<void> | undefined => client?.close(),
};

/** The test's side of {@link page}. */
export type BtpPage = typeof page;

Object.assign(globalThis, { btp: page });
