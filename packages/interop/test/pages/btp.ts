/** In a page, or in a worker of one: the browser build of btp, with what a test asks it to do. */
import { BtpClient, type BtpPolicy } from '@pennyswitch/btp';

let client: BtpClient | undefined;
/** What the server asked us. */
const asked: string[] = [];

const page = {
  /** Connects; gives back how that ended. */
  async connect(url: string, policy: Partial<BtpPolicy> = {}, timeoutMs = 30_000): Promise<string> {
    client = new BtpClient({ url, policy });
    client.handle('ilp', (octets) => {
      asked.push(octets.join());
      return Promise.resolve(octets.toReversed());
    });
    try {
      await client.connect({ timeoutMs });
      return 'connected';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  },

  /** Sends so many packets of so many bytes at once; gives back how many came back reversed. */
  async send(count: number, length: number): Promise<number> {
    const answers = Array.from({ length: count }, async (_, i) => {
      const octets = Uint8Array.from({ length }, (_byte, at) => (at * 7 + i) & 0xff);
      const reply = await client?.send(octets, { deadline: Date.now() + 50_000 });
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

/** What a page asks its worker, and what that answers. */
interface Call {
  readonly name: keyof typeof page;
  readonly args: readonly unknown[];
}

let worker: Worker | undefined;

/** Has a worker, which runs this script too, do one of the above. */
function inWorker(name: keyof typeof page, ...args: unknown[]): Promise<unknown> {
  const started = (worker ??= new Worker('/script.js', { type: 'module' }));
  return new Promise((resolve, reject) => {
    started.onmessage = ({ data }) => resolve(data);
    started.onerror = ({ message }) => reject(new Error(message));
    started.postMessage({ name, args } satisfies Call);
  });
}

/** The test's side of the page. */
export type BtpPage = typeof page & { inWorker: typeof inWorker };

Object.assign(globalThis, { btp: { ...page, inWorker } });

if (!('document' in globalThis)) {
  const actions: Record<string, (...args: never[]) => unknown> = page;
  globalThis.addEventListener('message', ({ data }: MessageEvent<Call>) => {
    const { name, args } = data;
    const result = Promise.resolve(actions[name]?.(...(args as never[])));
    void result.then((value) => globalThis.postMessage(value));
  });
}
