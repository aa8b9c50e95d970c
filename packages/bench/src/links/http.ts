/**
 * Round trips per second of ILP over HTTP over loopback with 100 in flight: ours beside node's own HTTP for the same
 * exchange. Both ends run in one process, so a round trip counts the work of both; processor time is shown too, since
 * other work on the machine disturbs it less.
 */
import { IlpHttpPeer, IlpHttpServer } from '@pennyswitch/ilp-http';
import { bareCallback, bareHttp1, bareHttp2, CONNECTIONS, TOKEN } from './http-floors.js';
import { measureInTurns, ratio, row, workers, type Link } from './turns.js';

const TURNS = { inFlight: 100, rounds: 7, roundMs: 400, warmUp: 6000 };
const SIZES = [100, 32_768];

const POLICY = { maxConnections: CONNECTIONS };
const AUTH = { type: 'bearer', token: TOKEN } as const;

export async function run(): Promise<void> {
  console.log(`ILP over HTTP, ${TURNS.inFlight} in flight, median of ${TURNS.rounds} rounds`);
  for (const [title, make] of [
    ['synchronous, HTTP/1.1', () => Promise.all([bareHttp1(), synchronous(false)])],
    ['synchronous, HTTP/2', () => Promise.all([bareHttp2(), synchronous('prior-knowledge')])],
    ['asynchronous, HTTP/1.1', () => Promise.all([bareCallback(), asynchronous()])],
  ] as const) {
    const links = await make();
    for (const size of SIZES) {
      const octets = new Uint8Array(size).fill(7);
      const [bare, ours] = await measureInTurns(links, octets, TURNS);
      console.log(`${title}, ${size} bytes`);
      console.log(row(links[0], bare));
      console.log(row(links[1], ours));
      console.log(
        `  ours: ${ratio(ours.perSecond, bare.perSecond)} of bare, ` +
          `by cpu ${ratio(bare.cpuMicros, ours.cpuMicros)}`,
      );
    }
    for (const link of links) await link.close();
  }
}

async function synchronous(http2: false | 'prior-knowledge'): Promise<Link> {
  const server = new IlpHttpServer();
  server
    .addPeer('alice', { incoming: { tokens: [TOKEN] } })
    .handle((octets) => Promise.resolve(octets));
  const { port } = await server.listen();
  const url = `http://127.0.0.1:${port}/ilp`;
  const client = new IlpHttpPeer({ url, http2, auth: AUTH, policy: POLICY });
  return {
    name: '@pennyswitch/ilp-http',
    run: (octets, inFlight, total) =>
      workers(inFlight, total, () => client.send(octets, { deadline: Date.now() + 30_000 })),
    close: async () => {
      await client.close();
      await server.close();
    },
  };
}

/** Two nodes; each has a token for the other. */
async function asynchronous(): Promise<Link> {
  const alice = new IlpHttpServer();
  const bob = new IlpHttpServer();
  const aliceUrl = `http://127.0.0.1:${(await alice.listen()).port}/ilp`;
  const bobUrl = `http://127.0.0.1:${(await bob.listen()).port}/ilp`;
  const common = {
    exchange: 'asynchronous',
    auth: AUTH,
    incoming: { tokens: [TOKEN] },
    policy: POLICY,
  } as const;
  const toBob = alice.addPeer('bob', {
    ...common,
    url: bobUrl,
    callbackUrl: `${aliceUrl}/callback`,
  });
  const toAlice = bob.addPeer('alice', { ...common, url: aliceUrl });
  toAlice.handle((octets) => Promise.resolve(octets));
  return {
    name: '@pennyswitch/ilp-http',
    run: (octets, inFlight, total) =>
      workers(inFlight, total, () => toBob.send(octets, { deadline: Date.now() + 30_000 })),
    close: async () => {
      await Promise.all([alice.close(), bob.close()]);
    },
  };
}
