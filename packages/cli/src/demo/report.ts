import { describeRejected } from '../commands/payment-report.js';
import { showAmount } from '../commands/output.js';
import { formatAmount } from '../text/amount.js';
import { formatTable } from '../text/table.js';
import type { DemoResult, NodeFacts } from './demo.js';
import { ACCOUNTS } from './network.js';

const SENT = ACCOUNTS[0]?.asset ?? { code: '', scale: 0 };
const DELIVERED = ACCOUNTS.at(-1)?.asset ?? { code: '', scale: 0 };

/** Who is there, and who knows the way to whom. */
export function describeNodes(nodes: readonly NodeFacts[]): string {
  const rows = nodes.map(({ name, address, routes }) => [
    `  ${name}`,
    address ?? '(none)',
    routes.join(', '),
  ]);
  return formatTable([['  node', 'address', 'routes'], ...rows], ['left', 'left', 'left']);
}

/** The summary for a person. */
export function describeResult(result: DemoResult): string {
  const { payment, books, expected, received } = result;
  const lines: string[] = [];
  if (payment !== undefined) {
    lines.push(
      `sent       ${showAmount(BigInt(payment.sent.amount), SENT)}`,
      `delivered  ${showAmount(received, DELIVERED)}`,
      `rate       ${payment.effectiveRate ?? '-'} ${DELIVERED.code} for 1 ${SENT.code}`,
      `packets    ${payment.packets.fulfilled} fulfilled, ${describeRejected(payment.packets.rejected)}`,
      `time       ${(payment.durationMs / 1000).toFixed(2)} s`,
      '',
      received === expected
        ? 'Each fulfilled packet, converted hop by hop as configured, adds up to exactly what was delivered.'
        : `By the configuration, ${showAmount(expected, DELIVERED)} must have arrived.`,
      '',
    );
  }
  const rows = books.map(({ pair, left, right, agree }) => [
    `  ${pair.left.node} – ${pair.right.node}`,
    pair.asset.code,
    left === undefined ? '(down)' : formatAmount(left, pair.asset.scale),
    right === undefined ? '(down)' : formatAmount(right, pair.asset.scale),
    agree ? 'agree' : 'DO NOT AGREE',
  ]);
  lines.push(
    formatTable(
      [['  account', 'asset', 'left side', 'right side', ''], ...rows],
      ['left', 'left', 'right', 'right', 'left'],
    ),
  );
  return lines.join('\n');
}

/** The summary for a program. */
export function jsonResult({ nodes, payment, received, books }: DemoResult): object {
  return {
    sent: payment?.sent ?? { amount: '0', ...SENT },
    delivered: { amount: received.toString(), ...DELIVERED },
    packets: {
      fulfilled: payment?.packets.fulfilled ?? 0,
      rejected: Object.values(payment?.packets.rejected ?? {}).reduce(
        (sum, count) => sum + count,
        0,
      ),
    },
    nodes,
    balances: books.map(({ pair, left, right }) => ({
      account: `${pair.left.node}-${pair.right.node}`,
      ours: left?.toString() ?? null,
      theirs: right?.toString() ?? null,
    })),
    booksAgree: books.every(({ agree }) => agree),
  };
}
