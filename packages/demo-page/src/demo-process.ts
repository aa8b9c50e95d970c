import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** The line that `pennyswitch demo --stay` prints for a second terminal. */
const GUEST = /pay '(\$\S+)' .*--uplink (\S+) --connect-to (\S+) --ca (\S+)/;

/** A whole network on this machine, `pennyswitch demo --stay`, with an account for a guest. */
export class DemoProcess {
  /** The payment pointer of its receiver. */
  readonly pointer: string;
  /** The guest's account, as a URL with its token. */
  readonly uplink: string;
  /** Where the receiver's SPSP server is, `HOST:443:ADDRESS:PORT`. */
  readonly connectTo: string;
  /** The file with the authority of its certificate. */
  readonly ca: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;

  private constructor(
    child: ChildProcessByStdio<Writable, Readable, null>,
    guest: RegExpExecArray,
  ) {
    const [, pointer = '', uplink = '', connectTo = '', ca = ''] = guest;
    this.pointer = pointer;
    this.uplink = uplink;
    this.connectTo = connectTo;
    this.ca = ca;
    this.#child = child;
  }

  /**
   * Starts it, and waits until its first payment was made.
   * @param onLine told of each line that it prints until then.
   * @throws Error where it ends instead.
   */
  static start(onLine: (line: string) => void = () => undefined): Promise<DemoProcess> {
    const manifest = createRequire(import.meta.url).resolve('pennyswitch/package.json');
    const command = join(dirname(manifest), 'bin/pennyswitch.js');
    const child = spawn(process.execPath, [command, 'demo', '--stay', '--amount', '0.10'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      // It ends with this process, however that ends.
      env: { ...process.env, PENNYSWITCH_STOP_WITH_PARENT: '1' },
    });
    return new Promise((resolve, reject) => {
      let rest = '';
      child.stdout.setEncoding('utf8');
      child.stdout.on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const guest = GUEST.exec(line);
          if (guest === null) onLine(line);
          else resolve(new DemoProcess(child, guest));
        }
      });
      child.once('error', reject);
      child.once('exit', (code) => {
        reject(new Error(`the demo network ended with status ${code ?? 'none'}`));
      });
    });
  }

  /** Ends the network. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}
