/**
 * Set for a process whose life is bound to the one that started it: the end of its standard input stops it like SIGTERM
 * does. So nothing is left behind even by a parent that was killed.
 */
export const STOP_WITH_PARENT = 'PENNYSWITCH_STOP_WITH_PARENT';

/**
 * Signals that come within so many milliseconds are one: at Ctrl-C a process gets one from the terminal and, under
 * `npm start`, the same once more from npm.
 */
const ONE_SIGNAL_MS = 500;

/**
 * Resolves at the first Ctrl-C or SIGTERM. A second one ends the process at once, for whoever cannot wait for packets in
 * flight.
 * @param signals which signals stop it; both, unless said otherwise.
 */
export function untilStopped(
  signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'],
): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let stoppedAt: number | undefined;
    const stop = (signal: NodeJS.Signals): void => {
      const now = performance.now();
      if (stoppedAt !== undefined && now - stoppedAt > ONE_SIGNAL_MS) process.exit(130);
      stoppedAt ??= now;
      resolve(signal);
    };
    for (const signal of signals) process.on(signal, stop);
    if (process.env[STOP_WITH_PARENT] !== '1') return;
    process.stdin.on('end', () => {
      resolve('SIGTERM');
    });
    // Read, or its end is never noticed; but not what keeps the process running.
    process.stdin.resume().unref();
  });
}
