import { setTimeout as sleep } from 'node:timers/promises';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { exitCodeOf, type JsonOutcome } from '../commands/payment-report.js';
import { isEvent, type Child, type ChildEvent } from './child.js';
import { DemoNetwork, type BookPair } from './demo-network.js';
import { expectedDelivery } from './expected-delivery.js';
import { hops, type NodeName } from './network.js';
import { makePlan, type PlanOptions } from './plan.js';

/** The result of the sender's wallet, with what the check needs. */
export type PaymentResult = JsonOutcome & { readonly fulfilledAmounts: readonly string[] };

/** A node as it is shown. */
export interface NodeFacts {
  readonly name: NodeName;
  readonly address: string | null;
  readonly routes: readonly string[];
}

/** Everything that a run has shown. */
export interface DemoResult {
  readonly nodes: readonly NodeFacts[];
  /** Undefined where the payment could not even be quoted. */
  readonly payment: PaymentResult | undefined;
  /** What the receiver has counted, in units. */
  readonly received: bigint;
  /** What must have arrived, worked out from the configuration and the sender's packets alone. */
  readonly expected: bigint;
  readonly books: readonly BookPair[];
  readonly exitCode: ExitCode;
  /** The one line that says what went wrong. */
  readonly failure: string | undefined;
}

/** What a run is to do, and whom it tells. */
export interface DemoOptions extends Partial<PlanOptions> {
  /** In whole units of the sender's asset, as a decimal. */
  readonly amount: string;
  /** Ends the payment: no more packets, those in flight are waited for, and the books are read all the same. */
  readonly signal?: AbortSignal;
  readonly onNodes?: (nodes: readonly NodeFacts[]) => void;
  readonly onProgress?: (event: ChildEvent) => void;
  readonly onStderr?: (name: string, line: string) => void;
  /** Called with the network when the payment is over, before its books are read: for `--stay`, and for tests. */
  readonly afterPayment?: (network: DemoNetwork) => Promise<void>;
  /** How long the payment goes on without any progress, in seconds; default as `pay`. */
  readonly patience?: number;
  /** How long the receiver may take to tell of all that must have arrived, in milliseconds; default 5000. */
  readonly receiverTimeoutMs?: number;
  /** How long the books may take to agree, in milliseconds. */
  readonly booksTimeoutMs?: number;
  /** Called when the network is up, before money moves. */
  readonly beforePayment?: (network: DemoNetwork) => Promise<void> | void;
  /** Called when the result is known and the network is still up. */
  readonly whileUp?: (network: DemoNetwork, result: DemoResult) => Promise<void>;
}

const START_ATTEMPTS = 3;
const NOTHING_SENT = 'stopped before anything was sent';
/** How long the receiver may take to tell of money that has come in, in milliseconds. */
const RECEIVER_TIMEOUT_MS = 5_000;

/** Runs the network, pays, checks, and takes everything down again. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const network = await startNetwork(options);
  try {
    const nodes = await readNodes(network, ['A', 'B', 'C', 'receiver']);
    await options.beforePayment?.(network);
    if (options.signal?.aborted === true) throw new CommandFailure(ExitCode.ok, NOTHING_SENT);
    const sender = network.startPayment(options.amount, options.patience);
    options.signal?.addEventListener('abort', () => {
      sender.interrupt();
    });
    const payment = await pay(
      sender,
      async () => {
        const all = [...nodes, ...(await readNodes(network, ['sender']))];
        options.onNodes?.(all);
      },
      options.onProgress,
    );
    await options.afterPayment?.(network);
    const result = await check(network, sender, payment, options);
    await options.whileUp?.(network, result);
    return result;
  } finally {
    await network.stop();
  }
}

/** A port can be taken between being found free and being used; then another plan is made. */
async function startNetwork(options: DemoOptions): Promise<DemoNetwork> {
  for (let attempt = 1; ; attempt++) {
    const { terms, wrongToken } = options;
    const plan = await makePlan({
      guest: options.guest ?? false,
      ...(terms === undefined ? {} : { terms }),
      ...(wrongToken === undefined ? {} : { wrongToken }),
    });
    const network = new DemoNetwork(plan, options.onStderr ?? (() => undefined));
    try {
      await network.start();
      return network;
    } catch (error) {
      await network.stop();
      const portTaken = error instanceof CommandFailure && error.exitCode === ExitCode.portInUse;
      if (!portTaken || attempt === START_ATTEMPTS) throw error;
    }
  }
}

async function pay(
  sender: Child,
  onWallet: () => Promise<void>,
  onProgress: (event: ChildEvent) => void = () => undefined,
): Promise<PaymentResult | undefined> {
  const wallet = await sender.waitFor(isEvent('wallet'));
  if (wallet !== undefined) await onWallet();
  const result = await sender.waitFor(isEvent('result'), onProgress);
  return result as unknown as PaymentResult | undefined;
}

async function readNodes(network: DemoNetwork, names: readonly NodeName[]): Promise<NodeFacts[]> {
  return Promise.all(
    names.map(async (name) => ({
      name,
      address: (await network.admin(name).status()).address,
      routes: await network.routes(name),
    })),
  );
}

async function check(
  network: DemoNetwork,
  sender: Child,
  payment: PaymentResult | undefined,
  { receiverTimeoutMs, booksTimeoutMs }: DemoOptions,
): Promise<DemoResult> {
  const expected = expectedDelivery((payment?.fulfilledAmounts ?? []).map(BigInt), hops());
  const received = await readReceived(network, expected, receiverTimeoutMs);
  const books = await network.readBooks(booksTimeoutMs);
  const nodes = await readNodes(network, liveNodes(network));
  const facts = { nodes, payment, received, expected, books };
  return { ...facts, ...judge(facts, sender) };
}

function liveNodes(network: DemoNetwork): NodeName[] {
  return (['A', 'B', 'C', 'sender', 'receiver'] as const).filter(
    (name) => network.children.get(name)?.exitCode === undefined,
  );
}

/** What the receiver has counted, once it has told of at least what is expected or the time for that is over. */
async function readReceived(
  network: DemoNetwork,
  expected: bigint,
  timeoutMs = RECEIVER_TIMEOUT_MS,
): Promise<bigint> {
  const receiver = network.children.get('receiver');
  const total = (): bigint =>
    (receiver?.events(isEvent('payment')) ?? []).reduce(
      (sum, { amount }) => sum + BigInt(String(amount)),
      0n,
    );
  const deadline = Date.now() + timeoutMs;
  while (total() < expected && Date.now() < deadline) await sleep(25);
  return total();
}

function judge(
  facts: Pick<DemoResult, 'payment' | 'received' | 'expected' | 'books'>,
  sender: Child,
): Pick<DemoResult, 'exitCode' | 'failure'> {
  const { payment, received, expected, books } = facts;
  const disagreeing = books.filter(({ agree }) => !agree);
  // A payment that a person ended is checked like one that came to its end.
  const isCancelled = payment?.error?.code === 'CANCELLED';
  if (payment === undefined) {
    return {
      exitCode: (sender.exitCode ?? ExitCode.internal) as ExitCode,
      failure: sender.lastWords,
    };
  }
  if (payment.error !== null && !isCancelled) {
    return { exitCode: exitCodeOf(payment.error), failure: payment.error.message };
  }
  if (received !== expected || BigInt(payment.delivered.amount) !== expected) {
    return {
      exitCode: ExitCode.deliveryWrong,
      failure: `the receiver counted ${received} units and the sender ${payment.delivered.amount}, but by the configuration ${expected} must have arrived`,
    };
  }
  if (disagreeing.length > 0) {
    const names = disagreeing.map(({ pair }) => `${pair.left.node}–${pair.right.node}`).join(', ');
    return { exitCode: ExitCode.booksDisagree, failure: `the books do not agree: ${names}` };
  }
  return { exitCode: ExitCode.ok, failure: undefined };
}
