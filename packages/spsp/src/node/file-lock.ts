import { createHash } from 'node:crypto';
import { realpath, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { JournalError } from './journal-error.js';

/** A file that is this process's own until it lets go or ends. */
export interface FileLock {
  release(): Promise<void>;
}

/**
 * Locks a file for this process: two that append to one would ruin it. The lock is a socket that listens, since the system
 * closes it with the process however that ends: what nobody answers at is left over and counts for nothing.
 * @throws {@link JournalError} `IN_USE`
 */
export async function lockFile(path: string): Promise<FileLock> {
  const place = join(await realpath(dirname(path)), basename(path));
  const name = createHash('sha256').update(place).digest('hex').slice(0, 32);
  const socket = join(tmpdir(), `pennyswitch-${name}.lock`);
  for (let attempt = 0; ; attempt++) {
    const server = await tryListen(socket);
    if (server !== undefined) return { release: () => close(server) };
    if (attempt > 2 || (await isAnswered(socket))) {
      throw new JournalError('IN_USE', `${path} is in use by another process`);
    }
    await rm(socket, { force: true });
  }
}

function tryListen(socket: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(socket, () => {
      server.unref();
      resolve(server);
    });
  });
}

function isAnswered(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket, () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => {
      resolve(false);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
