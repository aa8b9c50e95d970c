/** Bytes through one stream of a connection, over a link in memory. */
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';
import {
  connectStream,
  secureRandomBytes,
  StreamKeys,
  StreamServer,
  type StreamPacket,
} from '@pennyswitch/stream';
import { timeCpu, type Times } from './time-cpu.js';

const ASSET = { code: 'USD', scale: 6 } as const;
const CHUNK = new Uint8Array(64 * 1024).fill(0x5a);
const CHUNKS = 1024;
const ROUNDS = 5;

/** How many packets went through a link, and how long their data and their replies were in all. */
interface Traffic {
  packets: number;
  requestBytes: number;
  replyBytes: number;
}

function counting(handler: IlpPacketHandler, traffic: Traffic): IlpPacketHandler {
  return async (prepare) => {
    const reply = await handler(prepare);
    traffic.packets += 1;
    traffic.requestBytes += prepare.length;
    traffic.replyBytes += reply.length;
    return reply;
  };
}

/** Sends all chunks, and resolves when the other end has read the last byte. */
async function send(traffic: Traffic): Promise<Times> {
  let toClient: IlpPacketHandler = () => new Promise(() => undefined);
  const server = new StreamServer({
    secret: secureRandomBytes(32),
    address: () => parseIlpAddress('test.server'),
    asset: ASSET,
    send: (prepare) => toClient(prepare),
  });
  const received = new Promise<number>((resolve, reject) => {
    server.on('connection', (connection) => {
      connection.on('stream', (stream) => {
        countBytes(stream.readable).then(resolve, reject);
      });
    });
  });
  const connection = await connectStream({
    send: counting(server.handle, traffic),
    credentials: server.createCredentials(),
    asset: ASSET,
    incoming: {
      address: parseIlpAddress('test.client'),
      register: (handler) => {
        toClient = counting(handler, traffic);
        return undefined;
      },
    },
  });
  const times = await timeCpu(async () => {
    const stream = await connection.openStream();
    const writer = stream.writable.getWriter();
    for (let i = 0; i < CHUNKS; i++) await writer.write(CHUNK);
    await writer.close();
    const bytes = await received;
    if (bytes !== CHUNKS * CHUNK.length) throw new Error(`${bytes} bytes arrived`);
  });
  await connection.close();
  return times;
}

async function countBytes(readable: ReadableStream<Uint8Array>): Promise<number> {
  const reader = readable.getReader();
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes;
    bytes += value.length;
  }
}

/** As many packets of that size sealed and opened, and their replies, and nothing else. */
function sealAndOpen({ packets, requestBytes, replyBytes }: Traffic): Promise<Times> {
  const keys = new StreamKeys(secureRandomBytes(32));
  const request = packetWith(12, Math.floor(requestBytes / packets));
  const reply = packetWith(13, Math.floor(replyBytes / packets));
  return timeCpu(() => {
    for (let i = 0; i < packets; i++) {
      keys.open(keys.seal(request, secureRandomBytes));
      keys.open(keys.seal(reply, secureRandomBytes));
    }
    return Promise.resolve();
  });
}

/** Around an ILP packet of so many bytes there are about 130 bytes that are not data. */
function packetWith(ilpPacketType: 12 | 13, bytes: number): StreamPacket {
  const data = new Uint8Array(Math.max(0, bytes - 130));
  return {
    ilpPacketType,
    sequence: 123_456,
    prepareAmount: 0n,
    frames: [{ type: 'StreamData', streamId: 1, offset: 0, data }],
  };
}

export async function runData(): Promise<void> {
  const ours: Times[] = [];
  const alone: Times[] = [];
  let traffic: Traffic = { packets: 0, requestBytes: 0, replyBytes: 0 };
  await send(traffic); // warm
  await sealAndOpen(traffic);
  for (let round = 0; round < ROUNDS; round++) {
    traffic = { packets: 0, requestBytes: 0, replyBytes: 0 };
    ours.push(await send(traffic));
    alone.push(await sealAndOpen(traffic));
  }
  const megabytes = (CHUNKS * CHUNK.length) / 1e6;
  const [us, floor] = [median(ours), median(alone)];
  const size = Math.round((megabytes * 1e6) / traffic.packets);
  console.log(`\n${megabytes.toFixed(1)} MB through one stream, ${size} bytes a packet; medians`);
  console.log(`  ours                      ${rate(megabytes, us)}`);
  console.log(`  sealing and opening alone ${rate(megabytes, floor)}`);
  console.log(`  ours / floor (goal 0.6)   ${(floor / us).toFixed(2)}`);
}

function rate(megabytes: number, ms: number): string {
  return `${((megabytes * 1000) / ms).toFixed(0).padStart(6)} MB per second of CPU`;
}

function median(times: readonly Times[]): number {
  const sorted = times.map(({ cpu }) => cpu).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}
