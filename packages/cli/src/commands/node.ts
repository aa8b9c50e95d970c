import { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import { nodeConfigSchema } from '../config/schema.js';
import { createLogger } from '../node/logger.js';
import { RunningNode } from '../node/running-node.js';
import { printEvent, warn } from './output.js';
import { untilStopped } from './signals.js';

/** `pennyswitch node --config FILE` */
export function nodeCommand(): Command {
  return new Command('node')
    .description('run a connector')
    .requiredOption(
      '--config <file>',
      'YAML or JSON; ${NAME} in a text is the environment variable NAME',
    )
    .option(
      '--json',
      'print one JSON object per line: where the node listens when it is up, and each token that a peer refuses',
    )
    .action(async ({ config: file, json }: { config: string; json?: boolean }) => {
      const config = loadConfig(file, nodeConfigSchema);
      const logger = createLogger(config.logLevel);
      const stopped = untilStopped();
      const node = await RunningNode.start(config, {
        logger,
        warn,
        onRefused: (account, error) => {
          warn(`account ${account}: ${error.message}`);
          if (json === true) printEvent('refused', { account, message: error.message });
        },
      });
      node.connector.on('address', (address) => {
        logger.info('the node has an address', { address });
      });
      node.connector.on('accountProblem', (account, error) => {
        logger.error('an account carries no money', { account, error: error.message });
      });
      announce(node, json === true);
      await stopped;
      await node.stop();
    });
}

function announce({ connector, listeners }: RunningNode, json: boolean): void {
  if (json) {
    printEvent('ready', { address: connector.address ?? null, ...listeners });
    return;
  }
  const lines = [`The node is up. Address: ${connector.address ?? '(comes from the parent)'}`];
  const names = { btp: 'BTP', admin: 'admin API', settlementApi: 'settlement API' } as const;
  for (const key of ['btp', 'admin', 'settlementApi'] as const) {
    const where = listeners[key];
    if (where !== undefined) lines.push(`  ${names[key]} on ${where.host}:${where.port}`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}
