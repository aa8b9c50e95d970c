import type { Logger } from './environment.js';
import { BtpRefusal } from './errors.js';
import type { BtpMessage, BtpTransfer, ProtocolData } from './packet.js';

/** What answering a request takes of its connection. */
export interface Responding {
  readonly logger: Logger;
  /** Asks the handler. */
  answer(packet: BtpMessage | BtpTransfer): Promise<readonly ProtocolData[]>;
  /** @throws for entries that cannot be sent. */
  respond(requestId: number, protocolData: readonly ProtocolData[]): void;
  refuse(requestId: number, refusal: BtpRefusal): void;
  /** One request less in flight. */
  done(): void;
}

/** Has a request of the peer answered: with what its handler returns, or with an Error. */
export function serve(packet: BtpMessage | BtpTransfer, connection: Responding): void {
  const { requestId } = packet;
  connection.answer(packet).then(
    (protocolData) => {
      try {
        connection.respond(requestId, protocolData);
      } catch (error) {
        connection.refuse(requestId, refusalOf(error, connection.logger));
      }
      connection.done();
    },
    (error: unknown) => {
      connection.refuse(requestId, refusalOf(error, connection.logger));
      connection.done();
    },
  );
}

/** What the peer is told: never the message of an error that was not meant for it. */
function refusalOf(error: unknown, logger: Logger): BtpRefusal {
  if (error instanceof BtpRefusal) return error;
  logger.error('a BTP handler failed', { error });
  return new BtpRefusal('T00', 'internal error', { cause: error });
}
