/**
 * What `bin/pennyswitch.js` runs: reads the command line and starts the command.
 *
 * Built as ESM and CJS, so no `await` at the top level.
 */
process.stderr.write('pennyswitch: no command exists yet\n');
process.exitCode = 1;
