import { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import { nodeConfigSchema, type NodeConfig } from '../config/schema.js';
import { createLogger, type NodeLogger } from '../node/logger.js';
import type { ReloadReport } from '../node/reload.js';
import { RunningNode } from '../node/running-node.js';
import { withDefaultStore } from '../node/store.js';
import { startupText } from '../node/startup-text.js';
import { printEvent, printLine, warn } from './output.js';
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
      'print one JSON object per line: where the node listens when it is up, what SIGHUP changed, and each token that a peer refuses',
    )
    .action(async ({ config: file, json }: { config: string; json?: boolean }) => {
      const read = (): NodeConfig => withDefaultStore(loadConfig(file, nodeConfigSchema), file);
      const config = read();
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
      node.connector.on('accountProblem', (account, error) => {
        logger.error('an account carries no money', { account, error: error.message });
      });
      const reload = (): void => {
        void readAgain(node, read, logger, json === true);
      };
      process.on('SIGHUP', reload);
      if (json === true) {
        const { connector, listeners } = node;
        printEvent('ready', { address: connector.address ?? null, ...listeners });
      } else {
        printLine(startupText(node, config));
      }
      await stopped;
      process.off('SIGHUP', reload);
      logger.info('stopping: no new packets are taken', {
        packetsInFlight: node.connector.packetsInFlight().length,
      });
      await node.stop();
    });
}

/** What SIGHUP does. A file that is wrong changes nothing. */
async function readAgain(
  node: RunningNode,
  read: () => NodeConfig,
  logger: NodeLogger,
  json: boolean,
): Promise<void> {
  try {
    const report = await node.reload(read());
    for (const line of linesOf(report)) warn(line);
    logger.info('the configuration was read again', report);
    if (json) printEvent('reloaded', report);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    warn(`the configuration was not taken: ${message}`);
    if (json) printEvent('reload-failed', { message });
  }
}

function linesOf({ done, needsRestart, failed }: ReloadReport): string[] {
  const lines = [
    ...done.map((what) => `reloaded: ${what}`),
    ...needsRestart.map((what) => `needs a restart: ${what}`),
    ...failed.map((what) => `not done: ${what}`),
  ];
  return lines.length === 0 ? ['the configuration was read again: nothing differs'] : lines;
}
