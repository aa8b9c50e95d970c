/** `npm run page`: the page, with a whole network behind it, or with a connector that is named. */
import { parseArgs } from 'node:util';
import { DemoProcess } from './demo-process.js';
import { PageServer, type PageServerOptions } from './page-server.js';
import { parseConnectTo } from './connect-to.js';
import { StatusLine } from './status-line.js';

const USAGE = `npm run page [-- OPTIONS]

Serves a page that pays a payment pointer by the second. Without --uplink it starts a whole network on this machine to pay through.

  --port PORT                    where the page is served on 127.0.0.1; default: any free port
  --budget AMOUNT                how much the page may spend in all, a whole number; default 5
  --uplink URL                   the connector to pay through, btp+wss://:TOKEN@HOST:PORT
  --pointer POINTER              whom to pay
  --connect-to HOST:443:ADDR:PORT  where that pointer's server is, if not where its name says (repeatable)
  --ca FILE                      authorities (PEM) to trust for it
`;

const OPTIONS = {
  port: { type: 'string', default: '0' },
  budget: { type: 'string', default: '5' },
  uplink: { type: 'string' },
  pointer: { type: 'string' },
  'connect-to': { type: 'string', multiple: true, default: [] as string[] },
  ca: { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** The options as they were given. @throws TypeError for one that there is not. */
function readOptions() {
  return parseArgs({ options: OPTIONS }).values;
}

type Options = ReturnType<typeof readOptions>;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** What the options say of the way to the receiver; undefined where they leave it to the demo network. */
function given(
  values: Options,
): Pick<PageServerOptions, 'uplink' | 'pointer' | 'connectTo' | 'ca'> | undefined {
  const { uplink, pointer, ca } = values;
  if (uplink === undefined && pointer === undefined) return undefined;
  if (uplink === undefined || pointer === undefined) {
    throw new TypeError('--uplink and --pointer come together');
  }
  const connectTo = values['connect-to'].map(parseConnectTo);
  return { uplink, pointer, connectTo, ...(ca === undefined ? {} : { ca }) };
}

/** @throws TypeError that says which option is none. */
function numbers(values: Options): { port: number; budget: bigint } {
  const { port, budget } = values;
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new TypeError(`--port wants a number from 0 to 65535, found ${JSON.stringify(port)}`);
  }
  if (!/^[0-9]{1,12}$/.test(budget)) {
    throw new TypeError(`--budget wants a whole number, found ${JSON.stringify(budget)}`);
  }
  return { port: Number(port), budget: BigInt(budget) };
}

async function run(values: Options): Promise<void> {
  const way = given(values);
  const { port, budget } = numbers(values);
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stop.signal.addEventListener('abort', () => {
      resolve();
    });
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stop.abort();
    });
  }
  const demo = way === undefined ? await startDemo(stop.signal) : undefined;
  if (stop.signal.aborted) return demo?.stop();
  const server = await PageServer.start({
    ...(way ?? fromDemo(demo)),
    port,
    budget,
  });
  say(`\nOpen ${server.url} in a browser on this machine.`);
  say(`It pays ${server.pointer} by the second while it is in view. Ctrl-C ends it.\n`);
  const status = new StatusLine(server.provider, process.stdout);
  await stopped;
  await status.finish();
  await server.close();
  await demo?.stop();
}

/** @returns undefined where it was stopped while it started. */
async function startDemo(signal: AbortSignal): Promise<DemoProcess | undefined> {
  try {
    return await DemoProcess.start(say);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function fromDemo(demo: DemoProcess | undefined): NonNullable<ReturnType<typeof given>> {
  if (demo === undefined) throw new Error('there is no network to pay through');
  const { uplink, pointer, connectTo, ca } = demo;
  return { uplink, pointer, connectTo: [parseConnectTo(connectTo)], ca };
}

async function main(): Promise<void> {
  const values = readOptions();
  if (values.help === true) say(USAGE);
  else await run(values);
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
