import {
  conditionOf,
  decodeReply,
  encodeFulfill,
  encodePrepare,
  type IlpReply,
} from '@pennyswitch/ilp-packet';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { afterEach } from 'vitest';
import { checkConfig } from '../src/config/load.js';
import { nodeConfigSchema, type NodeConfig } from '../src/config/schema.js';
import { createLogger, type NodeLogger } from '../src/node/logger.js';
import { RunningNode } from '../src/node/running-node.js';

export const TOKEN = 'admin-0123456789';
export const FULFILLMENT: Uint8Array = new Uint8Array(32).fill(7);

const running: RunningNode[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop(0)));
});

/** A configuration as it would stand in a file. */
export function configOf(document: object): NodeConfig {
  return checkConfig(document, nodeConfigSchema, 'test.yaml', {});
}

/** Starts a node in this process; what it would log is kept. It stops after the test, and fulfils what is for itself. */
export async function startNode(
  document: object,
): Promise<{ node: RunningNode; logger: NodeLogger; log: string[] }> {
  const log: string[] = [];
  const config = configOf(document);
  const logger = createLogger(config.logLevel, { write: (line) => void log.push(line) });
  const node = await RunningNode.start(config, { logger, warn: () => undefined });
  node.connector.setLocalHandler(() =>
    Promise.resolve(encodeFulfill({ fulfillment: FULFILLMENT, data: new Uint8Array(0) })),
  );
  running.push(node);
  return { node, logger, log };
}

/** Sends a packet that starts at a node. */
export async function send(
  { connector }: RunningNode,
  destination: string,
  amount = 100n,
): Promise<IlpReply> {
  const prepare = encodePrepare({
    amount,
    expiresAt: new Date(Date.now() + 10_000),
    executionCondition: conditionOf(FULFILLMENT),
    destination: parseIlpAddress(destination),
    data: crypto.getRandomValues(new Uint8Array(16)),
  });
  return decodeReply(await connector.sendLocal(prepare));
}

/** Asks a node's admin API over the network. */
export async function ask(
  { listeners }: RunningNode,
  path: string,
  init: { method?: string; body?: unknown; token?: string } = {},
): Promise<{ status: number; body: unknown }> {
  const { host, port } = listeners.admin ?? { host: '', port: 0 };
  const response = await fetch(`http://${host}:${port}${path}`, {
    method: init.method ?? 'GET',
    headers: { authorization: `Bearer ${init.token ?? TOKEN}` },
    ...(init.body !== undefined && { body: JSON.stringify(init.body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** Resolves when an account's link is up. */
export function linked({ connector }: RunningNode, id: string): Promise<void> {
  if (connector.account(id).connected) return Promise.resolve();
  return new Promise((resolve) => {
    connector.on('link', (account, connected) => {
      if (account === id && connected) resolve();
    });
  });
}
