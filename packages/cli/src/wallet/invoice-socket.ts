/**
 * How `pennyswitch invoice` speaks to the `pennyswitch receive` that has the books: HTTP over a socket beside the file, which
 * only this user can open.
 */
import { chmod, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import {
  AmountError,
  InvoiceError,
  parseAmount,
  statusOf,
  type Cashbook,
  type Invoice,
} from '@pennyswitch/spsp';
import { nodeListener } from '@pennyswitch/spsp/node';
import { CommandFailure, ExitCode } from '../exit-codes.js';

/** An invoice as it is told to a program. */
export interface InvoiceView {
  readonly id: string;
  readonly pointer: string;
  readonly amount: string;
  readonly received: string;
  readonly asset: { readonly code: string; readonly scale: number };
  readonly status: string;
  readonly description: string | null;
  /** In milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

/** What makes an invoice: the amount as a person writes it. */
export interface InvoiceWish {
  readonly amount: string;
  readonly description?: string | undefined;
  readonly expiresAt?: number | undefined;
}

function socketOf(books: string): string {
  return `${books}.sock`;
}

/** Serves the invoices of a cashbook to this user's other processes. */
export async function serveInvoices(
  books: string,
  cashbook: Cashbook,
  pointerOf: (id: string) => string,
): Promise<{ close(): Promise<void> }> {
  const socket = socketOf(books);
  // Left over: the books are this process's own, so nobody answers there.
  await rm(socket, { force: true });
  const server = createServer(nodeListener((query: Request) => answer(query, cashbook, pointerOf)));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  await chmod(socket, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function answer(
  query: Request,
  cashbook: Cashbook,
  pointerOf: (id: string) => string,
): Promise<Response> {
  const view = (invoice: Invoice): InvoiceView => viewOf(invoice, pointerOf);
  const id = /^\/invoices\/([^/]+)$/.exec(new URL(query.url).pathname)?.[1];
  try {
    if (query.method === 'POST') {
      const { amount, description, expiresAt } = (await query.json()) as InvoiceWish;
      const invoice = await cashbook.createInvoice({
        amount: parseAmount(amount, cashbook.asset),
        ...(description === undefined ? {} : { description }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      });
      return Response.json(view(invoice));
    }
    if (id === undefined) return Response.json([...cashbook.invoices()].map(view));
    if (query.method === 'DELETE') await cashbook.cancelInvoice(id);
    const invoice = cashbook.invoice(id);
    if (invoice === undefined) throw new InvoiceError('UNKNOWN', `there is no invoice ${id}`);
    return Response.json(view(invoice));
  } catch (error) {
    if (!(error instanceof InvoiceError) && !(error instanceof AmountError)) throw error;
    return Response.json({ message: error.message }, { status: 400 });
  }
}

function viewOf(invoice: Invoice, pointerOf: (id: string) => string): InvoiceView {
  const { id, amount, received, asset, description, createdAt, expiresAt } = invoice;
  return {
    id,
    pointer: pointerOf(id),
    amount: amount.toString(),
    received: received.toString(),
    asset: { code: asset.code, scale: asset.scale },
    status: statusOf(invoice, Date.now()),
    description: description ?? null,
    createdAt,
    expiresAt: expiresAt ?? null,
  };
}

/**
 * Asks the process that has the books.
 * @throws {@link CommandFailure} where none runs, or it refuses.
 */
export async function askInvoices(
  books: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: InvoiceWish,
): Promise<unknown> {
  const { status, text } = await exchange(socketOf(books), method, path, body);
  const answered: unknown = JSON.parse(text === '' ? '{}' : text);
  if (status === 200) return answered;
  const message =
    typeof answered === 'object' && answered !== null && 'message' in answered
      ? String(answered.message)
      : `status ${status}`;
  throw new CommandFailure(ExitCode.usage, message);
}

function exchange(
  socketPath: string,
  method: string,
  path: string,
  body: InvoiceWish | undefined,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, host: 'localhost' }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    asked.once('error', (cause) => {
      reject(
        new CommandFailure(
          ExitCode.configuration,
          `no \`pennyswitch receive --books\` with these books runs here (${cause.message})`,
          { cause },
        ),
      );
    });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
