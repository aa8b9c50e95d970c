import type { BtpConnectError } from '@pennyswitch/btp';
import type { Asset, Connector } from '@pennyswitch/connector-core';
import type { IlpAddress } from '@pennyswitch/ilp-address';
import { checkConfig } from '../config/load.js';
import { nodeConfigSchema, type WalletProfile } from '../config/schema.js';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { createLogger, type NodeLogger } from '../node/logger.js';
import { RunningNode } from '../node/running-node.js';

/** How long a wallet waits for its uplink to answer, in milliseconds. */
const UPLINK_TIMEOUT_MS = 15_000;

/** A node with one account, its uplink, which has given it an address and an asset. */
export class Wallet {
  readonly node: RunningNode;
  readonly asset: Asset;
  /** The address as it was at first. It may change: ask the connector where that matters. */
  readonly address: IlpAddress;

  private constructor(node: RunningNode, address: IlpAddress, asset: Asset) {
    this.node = node;
    this.address = address;
    this.asset = asset;
  }

  get connector(): Connector {
    return this.node.connector;
  }

  /**
   * Connects to the uplink and waits for address and asset.
   * @throws {@link CommandFailure} `authentication` where the token is refused, `uplink` where nothing comes in time.
   */
  static async open(
    profile: WalletProfile,
    options: { readonly signal?: AbortSignal; readonly warn: (message: string) => void },
  ): Promise<Wallet> {
    const giveUp = new AbortController();
    const place = placeOf(profile.uplink.url);
    let isOpen = false;
    let absence: string | undefined;
    const onAbsent = (reason: string): void => {
      if (isOpen) return;
      if (absence === undefined) {
        const seconds = UPLINK_TIMEOUT_MS / 1000;
        options.warn(`the uplink ${place} is not there (${reason}); trying for ${seconds} seconds`);
      }
      absence = reason;
    };
    let refusal: BtpConnectError | undefined;
    const node = await RunningNode.start(nodeConfigOf(profile), {
      logger: notingReasons(createLogger(profile.logLevel), onAbsent),
      warn: options.warn,
      onRefused: (_account, error) => {
        refusal = error;
        giveUp.abort();
      },
    });
    const { signal } = options;
    try {
      const address = await node.connector.whenAddressed({
        timeoutMs: UPLINK_TIMEOUT_MS,
        signal: signal === undefined ? giveUp.signal : AbortSignal.any([giveUp.signal, signal]),
      });
      const { asset } = node.connector.account(profile.account);
      if (asset === undefined) throw new Error('the uplink gave an address, but no asset');
      isOpen = true;
      return new Wallet(node, address, asset);
    } catch (cause) {
      await node.stop(0);
      if (signal?.aborted === true) {
        throw new CommandFailure(ExitCode.ok, 'stopped before the uplink gave an address', {
          cause,
        });
      }
      throw failureOf(cause, profile, node, refusal ?? absence);
    }
  }

  /** Waits for packets in flight, closes the uplink. */
  async close(): Promise<void> {
    await this.node.stop();
  }
}

/** @param why the refusal of the uplink, or why no connection to it was made. */
function failureOf(
  cause: unknown,
  profile: WalletProfile,
  { connector }: RunningNode,
  why: BtpConnectError | string | undefined,
): CommandFailure {
  const place = placeOf(profile.uplink.url);
  if (typeof why === 'object') {
    return new CommandFailure(
      ExitCode.authentication,
      `${place} refused the token of account ${profile.account}: ${why.message}`,
      { cause: why },
    );
  }
  const reason = connector.account(profile.account).connected
    ? 'is connected, but gives no address'
    : `does not answer within ${UPLINK_TIMEOUT_MS / 1000} seconds${why === undefined ? '' : ` (${why})`}`;
  return new CommandFailure(ExitCode.uplink, `the uplink ${place} ${reason}`, { cause });
}

/** A logger that also tells why a connection that was to be there is not, before the first one is. */
function notingReasons(logger: NodeLogger, onReason: (reason: string) => void): NodeLogger {
  return {
    ...logger,
    get level() {
      return logger.level;
    },
    set level(level) {
      logger.level = level;
    },
    debug: (message, fields: { readonly reason?: unknown } = {}) => {
      if (typeof fields.reason === 'string') onReason(fields.reason);
      logger.debug(message, fields);
    },
  };
}

/** The URL without the credentials in it. */
function placeOf(url: string): string {
  const { protocol, host, pathname } = new URL(url.replace(/^btp\+/, ''));
  return `btp+${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

function nodeConfigOf(profile: WalletProfile) {
  const { url, username, token, limits, settlement } = profile.uplink;
  const document = {
    admin: profile.admin,
    settlementApi: profile.settlementApi,
    logLevel: profile.logLevel,
    accounts: {
      [profile.account]: {
        relation: 'parent',
        link: { type: 'btp', url, username, token },
        // Whoever has one way out needs no routes.
        sendRoutes: false,
        receiveRoutes: false,
      },
    },
  };
  const config = checkConfig(document, nodeConfigSchema, 'the profile', {});
  const account = config.accounts[profile.account];
  // Checked already, with amounts as bigint, which a document does not have.
  if (account !== undefined) Object.assign(account, { limits, settlement });
  return config;
}
