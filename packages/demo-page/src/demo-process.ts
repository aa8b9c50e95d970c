import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** What `pennyswitch demo --stay` prints when its first payment was as it should be … */
const GOOD = 'The books agree.';
/** … and then, for a second terminal. */
const STAY = /^The network stays up/;
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
   * @throws Error where it ends instead, or that payment failed.
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
      let isGood = false;
      child.stdout.setEncoding('utf8');
      child.stdout.on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          isGood ||= line === GOOD;
          const guest = GUEST.exec(line);
          if (guest === null) {
            if (!STAY.test(line)) onLine(line);
          } else if (isGood) {
            resolve(new DemoProcess(child, guest));
          } else {
            child.kill('SIGTERM');
            reject(new Error('the first payment through the demo network failed, see above'));
          }
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
