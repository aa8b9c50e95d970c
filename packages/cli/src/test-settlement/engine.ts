/**
 * A settlement system for tests and demonstrations: the settlement engines of several nodes and the ledger behind
 * them, in one process, spoken to over the two HTTP APIs of RFC 0038 exactly as a real engine is. A settlement is a
 * transfer in its books; the other side's accounting system is then told to credit it.
 *
 * Each party has an engine at `/<party>`; `GET /books` shows the ledger and what is not credited yet.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Hono, type Context } from 'hono';
import { Books } from './books.js';
import type { Channel, TestSettlementConfig } from './config.js';
import { Credits } from './credits.js';
import { quantity, toScale } from './quantity.js';

type Party = TestSettlementConfig['parties'][string];

/** One end of a channel: the account that `party` holds with `peer`. */
interface Account {
  readonly asset: Channel['asset'];
  readonly party: string;
  readonly account: string;
  readonly peer: { readonly party: string; readonly account: string };
  /** In units of 10^-255: what was too small to settle. */
  leftover: bigint;
  /** Set up by `POST /accounts`. */
  open: boolean;
  /** What each idempotency key was first asked and answered. Kept as long as the process lives. */
  readonly settled: Map<string, { readonly input: string; readonly status: 201 }>;
}

/** The settlement system: an HTTP application and its books. */
export class TestSettlement {
  readonly app: Hono = new Hono();
  readonly books: Books = new Books();
  readonly #parties: Readonly<Record<string, Party>>;
  readonly #accounts = new Map<string, Account>();
  readonly #credits: Credits;

  /** @throws Error if a channel names a party that does not exist, or one account twice. */
  constructor(config: TestSettlementConfig, log: (message: string) => void) {
    this.#parties = config.parties;
    this.#credits = new Credits(log);
    for (const channel of config.channels) this.#openChannel(channel);
    this.app.get('/books', (context) =>
      context.json({ books: this.books.snapshot(), uncredited: this.#credits.unacknowledged }),
    );
    this.app.post('/:party/accounts', (context) => this.#setUp(context));
    this.app.delete('/:party/accounts/:id', (context) => this.#tearDown(context));
    this.app.post('/:party/accounts/:id/settlements', (context) => this.#settle(context));
    this.app.post('/:party/accounts/:id/messages', (context) => this.#message(context));
  }

  /** Stops telling accounting systems of credits. */
  async close(): Promise<void> {
    await this.#credits.close();
  }

  #openChannel({ asset, ends }: Channel): void {
    for (const [end, peer] of [ends, [ends[1], ends[0]] as const]) {
      const key = accountKey(end.party, end.account);
      if (this.#parties[end.party] === undefined) throw new Error(`no party is named ${end.party}`);
      if (this.#accounts.has(key)) throw new Error(`two channels have the account ${key}`);
      this.#accounts.set(key, {
        asset,
        party: end.party,
        account: end.account,
        peer,
        leftover: 0n,
        open: false,
        settled: new Map(),
      });
    }
  }

  /** The party that a request comes from, if it proves to be that one. */
  #authenticate(context: Context): string | undefined {
    const name = context.req.param('party') ?? '';
    const party = Object.hasOwn(this.#parties, name) ? this.#parties[name] : undefined;
    const given = /^bearer (.+)$/i.exec(context.req.header('authorization') ?? '')?.[1] ?? '';
    return party !== undefined && sameSecret(given, party.engineToken) ? name : undefined;
  }

  /** RFC 0038 "Setup an account". */
  async #setUp(context: Context): Promise<Response> {
    const party = this.#authenticate(context);
    if (party === undefined) return unauthorized(context);
    const body: unknown = await context.req.json().catch(() => undefined);
    const id = typeof body === 'object' && body !== null && 'id' in body ? body.id : undefined;
    const account = typeof id === 'string' ? this.#accounts.get(accountKey(party, id)) : undefined;
    if (account === undefined) return context.text('no channel has this account', 404);
    account.open = true;
    return context.body(null, 201);
  }

  /** RFC 0038 "Delete an account". */
  #tearDown(context: Context): Response {
    const account = this.#account(context);
    if (account instanceof Response) return account;
    account.open = false;
    return context.body(null, 204);
  }

  /** RFC 0038 "Perform outgoing settlement". */
  async #settle(context: Context): Promise<Response> {
    const account = this.#account(context);
    if (account instanceof Response) return account;
    const key = context.req.header('idempotency-key');
    if (key === undefined || key === '') return context.text('Idempotency-Key is missing', 400);
    const parsed = quantity.safeParse(await context.req.json().catch(() => undefined));
    if (!parsed.success) return context.text('the body is no Quantity (RFC 0038)', 400);
    const input = JSON.stringify(parsed.data);
    const earlier = account.settled.get(key);
    if (earlier !== undefined) {
      return earlier.input === input
        ? context.body(null, earlier.status)
        : context.text('this Idempotency-Key was used for another quantity', 409);
    }
    // From here to the end nothing waits, so that a repeated request sees all of it or nothing.
    account.settled.set(key, { input, status: 201 });
    const { amount, leftover } = toScale(parsed.data, account.asset.scale, account.leftover);
    account.leftover = leftover;
    if (amount > 0n) this.#transfer(account, amount);
    return context.body(null, 201);
  }

  #transfer(account: Account, amount: bigint): void {
    const { asset, party, peer } = account;
    const receiver = this.#parties[peer.party] as Party;
    this.books.transfer(`${asset.code}/${asset.scale}`, party, peer.party, amount);
    this.#credits.send(
      {
        accounting: receiver.accounting,
        token: receiver.accountingToken,
        account: peer.account,
      },
      { amount: amount.toString(), scale: asset.scale },
    );
  }

  /** RFC 0038 "Handle incoming message": both engines are this process, so there is nothing to tell. */
  #message(context: Context): Response {
    const account = this.#account(context);
    if (account instanceof Response) return account;
    return context.text('this settlement system exchanges no messages', 400);
  }

  /** The account that a request is about, or the answer that refuses it. */
  #account(context: Context): Account | Response {
    const party = this.#authenticate(context);
    if (party === undefined) return unauthorized(context);
    const account = this.#accounts.get(accountKey(party, context.req.param('id') ?? ''));
    return account?.open === true ? account : context.text('no such account', 404);
  }
}

function accountKey(party: string, account: string): string {
  return `${party}/${account}`;
}

function unauthorized(context: Context): Response {
  return context.text('a valid bearer token is needed', 401);
}

/** Compares without telling by its duration where two secrets differ. */
function sameSecret(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
