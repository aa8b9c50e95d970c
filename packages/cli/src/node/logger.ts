import type { Logger } from '@pennyswitch/connector-core';
import { pino } from 'pino';

/** Where a field with one of these names stands, its value is not logged. */
const SECRETS = ['token', 'secret', 'sharedSecret', 'authorization', 'password'];

/** A logger that writes JSON lines to standard error, which standard output is never mixed with. */
export function createLogger(level: 'debug' | 'info' | 'warn' | 'error' | 'silent'): Logger {
  const log = pino(
    { level, redact: SECRETS.flatMap((name) => [name, `*.${name}`]), base: null },
    pino.destination({ dest: 2, sync: true }),
  );
  return {
    debug: (message, fields) => {
      log.debug(fields ?? {}, message);
    },
    info: (message, fields) => {
      log.info(fields ?? {}, message);
    },
    warn: (message, fields) => {
      log.warn(fields ?? {}, message);
    },
    error: (message, fields) => {
      log.error(fields ?? {}, message);
    },
  };
}
