import {
  traceIdOf,
  type Connector,
  type Logger,
  type PacketResult,
} from '@pennyswitch/connector-core';
import type { LogLevel } from './logger.js';

/** One line for each packet, at the level `debug` only: at others nothing is listened to. */
export class PacketLog {
  readonly #connector: Connector;
  readonly #write: (result: PacketResult) => void;
  #isOn = false;

  constructor(connector: Connector, logger: Logger) {
    this.#connector = connector;
    this.#write = ({ packet, to, outgoingAmount, code, reason, repliedAt }) => {
      logger.debug('a packet', {
        trace: traceIdOf(packet),
        from: packet.from?.id,
        to: to?.id,
        destination: packet.prepare.destination,
        amount: packet.amount,
        outgoingAmount,
        result: code ?? 'fulfilled',
        reason,
        tookMs: repliedAt - packet.now,
      });
    };
  }

  /** Writes, or stops writing, as the level wants it. */
  follow(level: LogLevel): void {
    const wanted = level === 'debug';
    if (wanted === this.#isOn) return;
    this.#isOn = wanted;
    if (wanted) this.#connector.on('packet', this.#write);
    else this.#connector.off('packet', this.#write);
  }
}
