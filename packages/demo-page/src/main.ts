/** `npm run page`: the page, with a whole network behind it, or with a connector that is named. */
import { parseArgs } from 'node:util';
import { DemoProcess } from './demo-process.js';
import { PageServer, type PageServerOptions } from './page-server.js';
import { parseConnectTo } from './connect-to.js';

const USAGE = `npm run page [-- OPTIONS]

Serves a page that pays a payment pointer by the second. Without --uplink it starts a whole network on this machine to pay through.

  --port PORT                    where the page is served on 127.0.0.1; default: any free port
  --budget AMOUNT                how much the page may spend in all, a whole number; default 5
  --uplink URL                   the connector to pay through, btp+wss://:TOKEN@HOST:PORT
  --pointer POINTER              whom to pay
  --connect-to HOST:443:ADDR:PORT  where that pointer's server is, if not where its name says (repeatable)
  --ca FILE                      authorities (PEM) to trust for it
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    budget: { type: 'string', default: '5' },
    uplink: { type: 'string' },
    pointer: { type: 'string' },
    'connect-to': { type: 'string', multiple: true, default: [] },
    ca: { type: 'string' },
    help: { type: 'boolean' },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** What the options say of the way to the receiver; undefined where they leave it to the demo network. */
function given(): Pick<PageServerOptions, 'uplink' | 'pointer' | 'connectTo' | 'ca'> | undefined {
  const { uplink, pointer, ca } = values;
  if (uplink === undefined && pointer === undefined) return undefined;
  if (uplink === undefined || pointer === undefined) {
    throw new TypeError('--uplink and --pointer come together');
  }
  const connectTo = values['connect-to'].map(parseConnectTo);
  return { uplink, pointer, connectTo, ...(ca === undefined ? {} : { ca }) };
}

async function run(): Promise<void> {
  const way = given();
  const stopped = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });
  const demo = way === undefined ? await DemoProcess.start(say) : undefined;
  const server = await PageServer.start({
    ...(way ?? fromDemo(demo)),
    port: Number(values.port),
    budget: BigInt(values.budget),
  });
  say(`\nOpen ${server.url} in a browser on this machine. Ctrl-C ends it.`);
  await stopped;
  await server.close();
  await demo?.stop();
}

function fromDemo(demo: DemoProcess | undefined): NonNullable<ReturnType<typeof given>> {
  if (demo === undefined) throw new Error('there is no network to pay through');
  const { uplink, pointer, connectTo, ca } = demo;
  return { uplink, pointer, connectTo: [parseConnectTo(connectTo)], ca };
}

if (values.help === true) {
  say(USAGE);
} else {
  await run().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  });
}
