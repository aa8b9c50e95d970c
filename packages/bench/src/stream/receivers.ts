/** What connections cost a stateless receiver. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { encodePrepare } from '@pennyswitch/ilp-packet';
import { secureRandomBytes, StreamKeys, StreamReceiver } from '@pennyswitch/stream';

const CONNECTIONS = 100_000;

export async function runReceivers(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let received = 0n;
  const receiver = new StreamReceiver({
    secret: secureRandomBytes(32),
    address: () => parseIlpAddress('test.receiver'),
    asset: { code: 'USD', scale: 6 },
    onMoney: ({ amount }) => {
      received += amount;
      return 'accept';
    },
  });
  // As many connections as it keeps keys of, so that what is counted is what each further one costs.
  await pay(receiver, 10_000);
  collect();
  const before = process.memoryUsage();
  const start = process.cpuUsage();
  await pay(receiver, CONNECTIONS);
  const { user, system } = process.cpuUsage(start);
  collect();
  const after = process.memoryUsage();
  if (received !== BigInt(CONNECTIONS + 10_000)) throw new Error(`${received} units arrived`);
  const bytes = after.heapUsed + after.external - before.heapUsed - before.external;
  console.log(`\n${CONNECTIONS} connections to one stateless receiver, a packet of money each`);
  console.log(
    `  memory kept per connection ${(bytes / CONNECTIONS).toFixed(2)} bytes (goal: none)`,
  );
  console.log(
    `  credentials, packet, answer ${((user + system) / CONNECTIONS).toFixed(1)} us of CPU, both ends`,
  );
}

/** Each over a connection of its own that is never closed. */
async function pay(receiver: StreamReceiver, connections: number): Promise<void> {
  for (let i = 0; i < connections; i++) {
    const { destination, sharedSecret } = receiver.createCredentials();
    const keys = new StreamKeys(sharedSecret);
    const data = keys.seal(
      {
        ilpPacketType: 12,
        sequence: 1,
        prepareAmount: 1n,
        frames: [{ type: 'StreamMoney', streamId: 1, shares: 1n }],
      },
      secureRandomBytes,
    );
    await receiver.handle(
      encodePrepare({
        amount: 1n,
        expiresAt: new Date(Date.now() + 30_000),
        executionCondition: keys.condition(data),
        destination,
        data,
      }),
    );
  }
}
