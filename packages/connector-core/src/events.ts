import type { IlpAddress } from '@pennyswitch/ilp-address';
import type { LateFulfillment, LostPacket, OutgoingSettlement } from './ledger/ledger-store.js';
import type { PacketResult } from './pipeline/forwarder.js';
import type { ConnectorError } from './errors.js';

/** What a connector tells while it runs. Listeners must not throw. */
export interface ConnectorEvents {
  /** The node got an address, or another one. Its children's addresses have changed with it. */
  address: (address: IlpAddress) => void;
  accountAdded: (account: string) => void;
  /** An account got other settings. */
  accountChanged: (account: string) => void;
  accountRemoved: (account: string) => void;
  /** An account's link came up or went down. */
  link: (account: string, connected: boolean) => void;
  /** An account cannot carry money, for a reason that somebody must look at. */
  accountProblem: (account: string, error: ConnectorError) => void;
  /** The routes that packets take have changed. */
  routes: () => void;
  /** A packet's reply goes back. */
  packet: (result: PacketResult) => void;
  /** A settlement left the account and waits for its engine. */
  settlementDebited: (settlement: OutgoingSettlement) => void;
  /** The engine took a settlement over. */
  settlementAcknowledged: (settlement: OutgoingSettlement) => void;
  /** The peer settled; in units of the account. */
  settlementCredited: (account: string, amount: bigint) => void;
  /** The node has stopped: packets under way have ended, links are closed. */
  stopped: () => void;
  /** The peer has proof of a packet that we called expired: the two books differ by it until it is reconciled. */
  lateFulfillment: (late: LateFulfillment) => void;
  /** A packet went out and got no reply: its outcome is not known, and is recorded for reconciliation. */
  packetLost: (lost: LostPacket) => void;
}
