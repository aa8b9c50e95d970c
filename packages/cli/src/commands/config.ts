import { Command } from 'commander';
import { nodeConfigJsonSchema } from '../config/json-schema.js';
import { loadConfig } from '../config/load.js';
import { nodeConfigSchema } from '../config/schema.js';
import { printLine } from './output.js';

/** `pennyswitch config schema` and `pennyswitch config check FILE` */
export function configCommand(): Command {
  const config = new Command('config').description("a node's configuration file");
  config
    .command('schema')
    .description('print the JSON Schema of the file, for editors and other tools')
    .action(() => {
      printLine(JSON.stringify(nodeConfigJsonSchema(), undefined, 2));
    });
  config
    .command('check')
    .description('say what is wrong with a file, with the environment variables that are set here')
    .argument('<file>', 'YAML or JSON')
    .action((file: string) => {
      const { accounts } = loadConfig(file, nodeConfigSchema);
      printLine(`${file} is right: ${Object.keys(accounts).length} accounts`);
    });
  return config;
}
