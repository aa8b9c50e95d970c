import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { makeCertificates } from '../wallet/certificates.js';
import { AdminClient, type RouteEntry } from './admin-client.js';
import { Child, isEvent } from './child.js';
import { ACCOUNTS, type AccountPair, type NodeName } from './network.js';
import { POINTER, POINTER_HOST, type DemoPlan } from './plan.js';

const CONNECTORS = ['A', 'B', 'C'] as const;
/** How long the network may take to find its routes, in milliseconds. */
const ROUTE_TIMEOUT_MS = 15_000;
/** How long its books may take to come to rest, in milliseconds: what a dead node held is released when it expires. */
const REST_TIMEOUT_MS = 45_000;
const POLL_MS = 25;

/** Both sides of one account. */
export interface BookPair {
  readonly pair: AccountPair;
  /** What `right` owes `left`, as `left` has it; undefined where that node does not answer. */
  readonly left: bigint | undefined;
  /** What `left` owes `right`, as `right` has it. */
  readonly right: bigint | undefined;
  readonly agree: boolean;
}

/** The processes of the demo, and what can be asked of them. */
export class DemoNetwork {
  readonly plan: DemoPlan;
  /** The certificate authority that the sender trusts. */
  readonly caFile: string;
  readonly children = new Map<NodeName | 'settlement', Child>();
  readonly #folder: string;
  readonly #onStderr: (name: string, line: string) => void;

  constructor(plan: DemoPlan, onStderr: (name: string, line: string) => void) {
    this.plan = plan;
    this.#onStderr = onStderr;
    this.#folder = mkdtempSync(join(tmpdir(), 'pennyswitch-demo-'));
    this.caFile = join(this.#folder, 'ca.pem');
  }

  /** Starts everything but the sender, and waits until it runs. */
  async start(): Promise<void> {
    const { plan } = this;
    process.once('exit', this.#abandon);
    // All at once: each goes on trying until those that it needs are there.
    await Promise.all([
      this.#spawn('settlement', ['test-settlement', '--config'], plan.settlementConfig).expect(
        isEvent('ready'),
      ),
      ...CONNECTORS.map((name) =>
        this.#spawn(name, ['node', '--json', '--config'], plan.nodes[name].config).expect(
          isEvent('ready'),
        ),
      ),
      this.#startReceiver(),
    ]);
    await this.#waitForRoute();
  }

  /**
   * Starts the sender's wallet, which pays and then stays until it is stopped.
   * @param patience in seconds: how long it goes on without any progress.
   */
  startPayment(amount: string, patience?: number): Child {
    const { spspPort, nodes } = this.plan;
    return this.#spawn(
      'sender',
      [
        ...['pay', POINTER, amount, '--events', '--hold'],
        ...(patience === undefined ? [] : ['--patience', String(patience)]),
        ...['--connect-to', `${POINTER_HOST}:443:127.0.0.1:${spspPort}`, '--ca', this.caFile],
        '--profile',
      ],
      nodes.sender.config,
    );
  }

  /** The admin API of a node; throws nothing by itself. */
  admin(name: NodeName): AdminClient {
    return new AdminClient(this.plan.nodes[name]);
  }

  /** The prefixes that a connector knows a way to. */
  async routes(name: NodeName): Promise<string[]> {
    const routes: RouteEntry[] = await this.admin(name)
      .routes()
      .catch(() => []);
    return routes.map(({ prefix }) => (prefix === '' ? '(default)' : prefix));
  }

  /** Reads both sides of every account, again and again until they agree and nothing is on its way, or it takes too long. */
  async readBooks(timeoutMs = REST_TIMEOUT_MS): Promise<BookPair[]> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const books = await Promise.all(ACCOUNTS.map((pair) => this.#readBook(pair)));
      const agreed = books.every(
        ({ agree, left, right }) => agree || left === undefined || right === undefined,
      );
      if ((agreed && (await this.#isAtRest())) || Date.now() > deadline) return books;
      await sleep(POLL_MS);
    }
  }

  /** Ends all processes, the wallets first, and removes the files. */
  async stop(): Promise<void> {
    await this.children.get('sender')?.stop();
    await Promise.all([...this.children.values()].map((child) => child.stop()));
    this.#removeFiles();
    process.off('exit', this.#abandon);
  }

  /** The files hold tokens. */
  #removeFiles(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** What is left to do when the process ends without {@link stop}, at a second Ctrl-C for example. */
  readonly #abandon = (): void => {
    for (const child of this.children.values()) void child.kill();
    this.#removeFiles();
  };

  #spawn(name: NodeName | 'settlement', args: readonly string[], config: object): Child {
    const file = join(this.#folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(config, undefined, 2), { mode: 0o600 });
    chmodSync(file, 0o600);
    const child = new Child(name, [...args, file], this.#onStderr);
    this.children.set(name, child);
    return child;
  }

  async #startReceiver(): Promise<void> {
    const { ca, certificate, privateKey } = await makeCertificates(POINTER_HOST);
    const files = { cert: join(this.#folder, 'bob.pem'), key: join(this.#folder, 'bob.key') };
    writeFileSync(this.caFile, ca);
    writeFileSync(files.cert, certificate);
    writeFileSync(files.key, privateKey, { mode: 0o600 });
    const { spspPort, nodes } = this.plan;
    const receiver = this.#spawn(
      'receiver',
      [
        ...['receive', '--json', '--pointer', POINTER, '--strict-port'],
        ...['--listen', `127.0.0.1:${spspPort}`, '--tls-cert', files.cert, '--tls-key', files.key],
        '--profile',
      ],
      nodes.receiver.config,
    );
    await receiver.expect(isEvent('ready'));
  }

  /** Nobody configured a way to the receiver: connector A has to hear of it. */
  async #waitForRoute(): Promise<void> {
    const { address } = await this.admin('C').status();
    const deadline = Date.now() + ROUTE_TIMEOUT_MS;
    while (!(await this.routes('A')).includes(address ?? '')) {
      this.#checkConnectors();
      if (Date.now() > deadline) {
        throw new CommandFailure(
          ExitCode.noRoute,
          `connector A did not hear of a route to ${String(address)}`,
        );
      }
      await sleep(POLL_MS);
    }
  }

  /** @throws {@link CommandFailure} where a connector ended, or a peer refused its token: no route will ever come. */
  #checkConnectors(): void {
    for (const name of CONNECTORS) {
      const child = this.children.get(name);
      if (child?.exitCode !== undefined) {
        throw new CommandFailure(ExitCode.internal, `connector ${name} ended: ${child.lastWords}`);
      }
      const [refusal] = child?.events(isEvent('refused')) ?? [];
      if (refusal === undefined) continue;
      const { account, message } = refusal;
      throw new CommandFailure(
        ExitCode.authentication,
        `the token of connector ${name}'s account ${String(account)} was refused: ${String(message)}`,
      );
    }
  }

  async #readBook(pair: AccountPair): Promise<BookPair> {
    const [left, right] = await Promise.all([this.#net(pair.left), this.#net(pair.right)]);
    return {
      pair,
      left,
      right,
      agree: left !== undefined && right !== undefined && left === -right,
    };
  }

  async #net({ node, account }: { node: NodeName; account: string }): Promise<bigint | undefined> {
    const balances = await this.admin(node)
      .balances()
      .catch(() => []);
    const net = balances.find((entry) => entry.account === account)?.net;
    return net === undefined ? undefined : BigInt(net);
  }

  /** Whether no packet and no settlement is on its way. What is settled with a node that is dead stays on its way for ever. */
  async #isAtRest(): Promise<boolean> {
    const nodes = [...this.children].filter(([name]) => name !== 'settlement');
    const running = nodes.filter(([, child]) => child.exitCode === undefined);
    const settles = running.length === nodes.length;
    const open = await Promise.all(
      running.map(async ([name]) => {
        const admin = this.admin(name as NodeName);
        const { packetsInFlight } = await admin.status();
        return packetsInFlight + (settles ? await admin.openSettlements() : 0);
      }),
    ).catch(() => [1]);
    return open.every((count) => count === 0) && (!settles || (await this.#uncredited()) === 0);
  }

  /** How many settlements the other side has not acknowledged. */
  async #uncredited(): Promise<number> {
    return fetch(`http://127.0.0.1:${this.plan.settlementPort}/books`)
      .then(async (response) => ((await response.json()) as { uncredited: number }).uncredited)
      .catch(() => 0);
  }
}
