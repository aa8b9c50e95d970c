import type { Logger } from '@pennyswitch/connector-core';
import { pino } from 'pino';
import { redact, redactText } from './redact.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** A logger whose level can change while it runs. */
export interface NodeLogger extends Logger {
  level: LogLevel;
}

/** A logger that writes JSON lines to standard error, which standard output is never mixed with. Secrets are left out. */
export function createLogger(
  level: LogLevel,
  destination: { write(line: string): void } = pino.destination({ dest: 2, sync: true }),
): NodeLogger {
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  const write =
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields?: object): void => {
      if (!log.isLevelEnabled(name)) return;
      log[name](fields === undefined ? {} : redact(fields), redactText(message));
    };
  return {
    get level() {
      return log.level as LogLevel;
    },
    set level(next) {
      log.level = next;
    },
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
}
