/**
 * What `bin/pennyswitch.js` runs: reads the command line and starts the command.
 *
 * Built as ESM and CJS, so no `await` at the top level.
 */
import { run } from './program.js';

void run(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
