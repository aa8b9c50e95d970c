/** The same payment by what others use today: npm ilp-protocol-stream, and @interledger/pay to @interledger/stream-receiver. */
import { randomBytes } from 'node:crypto';
import { encodeIldcpResponse } from '@pennyswitch/ildcp';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  encodeFulfill,
  PEER_PROTOCOL_FULFILLMENT,
  type IlpPacketHandler,
} from '@pennyswitch/ilp-packet';
import { quote } from '@interledger/pay';
import { StreamServer as ReceiverServer } from '@interledger/stream-receiver';
import { deserializeIlpPrepare, serializeIlpReply } from 'ilp-packet';
import {
  createConnection,
  createServer,
  DataAndMoneyStream,
  type Connection,
} from 'ilp-protocol-stream';
import { limitedLink } from './memory-link.js';

// On Node 20 the class assigns `closed`, which the stream that it inherits from only lets be read.
Object.defineProperty(DataAndMoneyStream.prototype, 'closed', { value: false, writable: true });

const ASSET = { assetCode: 'USD', assetScale: 6 } as const;

/** The plugin interface of these libraries, over a function. */
function pluginOf(clientAddress: string, handle: IlpPacketHandler) {
  const data = encodeIldcpResponse({ clientAddress: parseIlpAddress(clientAddress), ...ASSET });
  const config = Buffer.from(encodeFulfill({ fulfillment: PEER_PROTOCOL_FULFILLMENT, data }));
  const isConfig = (prepare: Buffer): boolean => prepare.includes('peer.config');
  let handler: ((data: Buffer) => Promise<Buffer>) | undefined;
  return {
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    isConnected: () => true,
    sendData: async (prepare: Buffer) =>
      isConfig(prepare) ? config : Buffer.from(await handle(prepare)),
    registerDataHandler: (given: (data: Buffer) => Promise<Buffer>) => void (handler = given),
    deregisterDataHandler: () => undefined,
    handle: async (prepare: Uint8Array): Promise<Uint8Array> => {
      if (handler === undefined) throw new Error('the server does not listen');
      return await handler(Buffer.from(prepare));
    },
  };
}

const nowhere: IlpPacketHandler = () => Promise.reject(new Error('nothing is sent here'));

/** Pays `packets` packets of `amount` by npm ilp-protocol-stream, both ends. @returns what was delivered. */
export async function payByProtocolStream(packets: number, amount: number): Promise<number> {
  const serverPlugin = pluginOf('test.connector.receiver', nowhere);
  const server = await createServer({ plugin: serverPlugin, serverSecret: randomBytes(32) });
  server.on('connection', (connection: Connection) => {
    connection.on('stream', (stream: DataAndMoneyStream) =>
      stream.setReceiveMax(Number.MAX_SAFE_INTEGER),
    );
  });
  const { destinationAccount, sharedSecret } = server.generateAddressAndSecret();
  const link = limitedLink(serverPlugin.handle, BigInt(amount));
  const connection = await createConnection({
    plugin: pluginOf('test.connector.sender', link),
    destinationAccount,
    sharedSecret,
  });
  await connection.createStream().sendTotal(packets * amount, { timeout: 600_000 });
  const delivered = Number(connection.totalDelivered);
  await connection.end();
  await server.close();
  return delivered;
}

/** The same by npm @interledger/pay to @interledger/stream-receiver. */
export async function payByInterledgerPay(packets: number, amount: number): Promise<number> {
  const server = new ReceiverServer({
    serverSecret: randomBytes(32),
    serverAddress: 'test.connector.receiver',
  });
  let received = 0;
  const handle: IlpPacketHandler = (bytes) => {
    const prepare = deserializeIlpPrepare(Buffer.from(bytes));
    const moneyOrReply = server.createReply(prepare);
    if (!('accept' in moneyOrReply)) return Promise.resolve(serializeIlpReply(moneyOrReply));
    received += Number(prepare.amount);
    moneyOrReply.setTotalReceived(received);
    return Promise.resolve(serializeIlpReply(moneyOrReply.accept()));
  };
  const asset = { code: ASSET.assetCode, scale: ASSET.assetScale };
  const { ilpAddress, sharedSecret } = server.generateCredentials({ asset });
  const payment = await quote({
    plugin: pluginOf('test.connector.sender', limitedLink(handle, BigInt(amount))),
    destinationAddress: ilpAddress,
    sharedSecret,
    amountToSend: String((packets * amount) / 10 ** ASSET.assetScale),
    prices: { [ASSET.assetCode]: 1 },
    slippage: 0.01,
  });
  const { error, amountDelivered } = await payment.pay();
  if (error !== undefined) throw new Error(`@interledger/pay: ${error}`);
  return amountDelivered.shiftedBy(ASSET.assetScale).toNumber();
}
