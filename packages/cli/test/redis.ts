/** A Redis server of a test's own: Debian's `redis-server` on a socket in a folder of its own, with a password. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const PASSWORD = 'hunter2/hunter2@';

/** Why tests that need the server cannot run here; undefined if they can. */
export const NO_REDIS: string | undefined =
  spawnSync('redis-server', ['--version']).status === 0
    ? undefined
    : 'skipped: there is no redis-server on this machine (Debian: apt-get install redis-server)';

/** Starts a server; resolves to its URL and how to end it. */
export async function startRedis(
  folder: string,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const socket = join(folder, 'redis');
  const child = spawn(
    'redis-server',
    [
      ...['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', ''],
      ...['--requirepass', PASSWORD],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  await ready(child);
  return {
    url: `unix://${socket}`,
    stop: async () => {
      process.off('exit', kill);
      const exited = once(child, 'exit');
      kill();
      await exited;
    },
  };
}

function ready(child: ChildProcess): Promise<void> {
  let text = '';
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (/ready to accept connections (?:at|unix)/i.test(text)) resolve();
    });
    child.once('exit', () => {
      reject(new Error(`redis-server ended: ${text}`));
    });
  });
}
