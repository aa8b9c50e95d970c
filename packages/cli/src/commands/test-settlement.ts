import { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import { testSettlementConfig } from '../test-settlement/config.js';
import { startTestSettlement } from '../test-settlement/server.js';
import { printEvent, warn } from './output.js';
import { untilStopped } from './signals.js';

/** `pennyswitch test-settlement --config FILE` */
export function testSettlementCommand(): Command {
  return new Command('test-settlement')
    .description(
      'run a settlement system for tests, with books of its own, spoken to as RFC 0038 says',
    )
    .requiredOption(
      '--config <file>',
      'YAML or JSON: parties and the channels between their accounts',
    )
    .action(async ({ config: file }: { config: string }) => {
      const config = loadConfig(file, testSettlementConfig);
      const stopped = untilStopped();
      const system = await startTestSettlement(config, warn);
      printEvent('ready', { url: system.url });
      await stopped;
      await system.close();
    });
}
