import { z } from 'zod';
import type { Connector } from '../connector.js';
import type { OutgoingSettlement } from '../ledger/ledger-store.js';
import { formatRatio } from './decimal.js';
import { limitsInUse } from './limits-in-use.js';
import { Repeats } from './repeats.js';
import { defineRoute, type RouteDefinition } from './route.js';
import { views } from './schemas.js';

const AMOUNT = 'expected a whole number above 0 in units of the account, as text';
const UNKNOWN = { description: 'There is no such account.', schema: views.error };

/** Balances, limits, rates and settlements. */
export function moneyRoutes(connector: Connector): RouteDefinition[] {
  return [
    ...bookRoutes(connector),
    defineRoute({
      method: 'get',
      path: '/rates',
      operationId: 'listRates',
      tag: 'money',
      summary: 'What packets are converted with',
      responses: { 200: { description: 'Between every two assets.', schema: views.rates } },
      handle: () => ({ status: 200, body: { rates: connector.rates().map(describeRate) } }),
    }),
    defineRoute({
      method: 'get',
      path: '/settlements',
      operationId: 'listSettlements',
      tag: 'money',
      summary: 'Settlements that their engines have not acknowledged',
      responses: { 200: { description: 'Oldest first.', schema: views.settlements } },
      handle: async () => ({
        status: 200,
        body: { settlements: await connector.settlement.outbox() },
      }),
    }),
    settle(connector),
  ];
}

function bookRoutes(connector: Connector): RouteDefinition[] {
  return [
    defineRoute({
      method: 'get',
      path: '/balances',
      operationId: 'listBalances',
      tag: 'money',
      summary: 'The books of all accounts',
      responses: {
        200: { description: 'Those whose asset is known.', schema: views.balances },
      },
      handle: async () => ({ status: 200, body: { balances: await connector.balances() } }),
    }),
    defineRoute({
      method: 'get',
      path: '/accounts/{id}/balance',
      operationId: 'showBalance',
      tag: 'money',
      summary: 'The book of one account',
      responses: {
        200: { description: 'The book.', schema: views.balance },
        404: UNKNOWN,
        409: { description: 'Its asset is not known yet.', schema: views.error },
      },
      handle: async ({ id }) => ({ status: 200, body: await connector.balance(id) }),
    }),
    defineRoute({
      method: 'get',
      path: '/limits',
      operationId: 'listLimits',
      tag: 'money',
      summary: 'The limits of all accounts and what is left of them',
      responses: { 200: { description: 'One entry for each account.', schema: views.limits } },
      handle: async () => ({ status: 200, body: { limits: await limitsInUse(connector) } }),
    }),
  ];
}

function settle(connector: Connector): RouteDefinition {
  const repeats = new Repeats<OutgoingSettlement>();
  return defineRoute({
    method: 'post',
    path: '/accounts/{id}/settlements',
    operationId: 'settle',
    tag: 'money',
    summary: 'Settle by hand',
    headers: {
      'Idempotency-Key':
        'A request that is repeated under one key settles once, as long as this process runs; one that failed with 500 may have settled, see the balance.',
    },
    body: z.strictObject({
      amount: z
        .string(AMOUNT)
        .regex(/^[1-9][0-9]{0,29}$/, AMOUNT)
        .transform((text) => BigInt(text)),
    }),
    responses: {
      201: {
        description: 'The account was debited; the engine is told.',
        schema: views.settlement,
      },
      400: { description: 'That is no amount above 0.', schema: views.error },
      404: UNKNOWN,
      409: {
        description: 'The account has no engine, or the key was used for something else.',
        schema: views.error,
      },
    },
    handle: async ({ id, body: { amount }, context }) => {
      connector.account(id);
      const key = context.req.header('idempotency-key');
      const settlement = await repeats.once(key, `${id} ${amount}`, () =>
        connector.settlement.settle(id, amount),
      );
      return { status: 201, body: settlement };
    },
  });
}

function describeRate({ from, to, rate, net }: ReturnType<Connector['rates']>[number]): object {
  if (rate === undefined || net === undefined) return { from, to, available: false };
  const decimals = { rate: formatRatio(rate), net: formatRatio(net) };
  return { from, to, available: true, ...decimals, exact: net };
}
