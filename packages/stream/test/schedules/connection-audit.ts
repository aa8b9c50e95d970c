import type { AuditedPlace, TestRate } from '@pennyswitch/testkit';
import type { ConnectionSchedule, Work } from './connection-schedule.js';
import { paidTotal } from './payment-audit.js';

/** What the books of the auditor say against what both ends report; undefined where nothing. */
export function findConnectionFault(schedule: ConnectionSchedule): string | undefined {
  return (
    schedule.books.find(({ fault }) => fault !== undefined)?.fault ??
    findTotalsFault(schedule) ??
    findCreditFault(schedule) ??
    findLossFault(schedule) ??
    findOverpaid(schedule) ??
    firstOf(schedule.work, (work) => findWorkFault(schedule, work)) ??
    findEndFault(schedule)
  );
}

/** What each end says it has sent and received is what passed next to it. */
function findTotalsFault({ world, client, server }: ConnectionSchedule): string | undefined {
  const { clientOut, serverIn, serverOut, clientIn } = world.books;
  return (
    differ('the client sent', client.sent, clientOut.total('fulfilled')) ??
    differ('the server sent', server.sent, serverOut.total('fulfilled')) ??
    differ('the server received', server.received, serverIn.total('fulfilled')) ??
    differ('the client received', client.received, clientIn.total('fulfilled')) ??
    exceeds('delivered by the client', client.delivered, server.received) ??
    exceeds('delivered by the server', server.delivered, client.received)
  );
}

/** No packet is credited twice, however often the network brings it. */
function findCreditFault({ world }: ConnectionSchedule): string | undefined {
  const { serverIn, clientIn } = world.books;
  return firstOf([serverIn, clientIn], (place) => {
    const conditions = creditsOf(place).map(({ condition }) => condition);
    return new Set(conditions).size === conditions.length
      ? undefined
      : `a packet is credited twice at ${place.name}`;
  });
}

function creditsOf(place: AuditedPlace): AuditedPlace['packets'] {
  return place.packets.filter(({ outcome, amount }) => outcome === 'fulfilled' && amount > 0n);
}

/** Of what each packet was worth at the start, less than the slippage is lost; units that rounding takes are allowed for. */
function findLossFault({ world, rates }: ConnectionSchedule): string | undefined {
  const { clientOut, serverIn, serverOut, clientIn } = world.books;
  return findLoss(clientOut, serverIn, rates.there) ?? findLoss(serverOut, clientIn, rates.back);
}

function findLoss(
  near: AuditedPlace,
  far: AuditedPlace,
  rate: ConnectionSchedule['rates']['there'],
): string | undefined {
  const arrivedBy = new Map(far.packets.map(({ condition, amount }) => [condition, amount]));
  return firstOf(creditsOf(near), ({ condition, amount }) => {
    const arrived = arrivedBy.get(condition) ?? -1n;
    const worth = (amount * rate.numerator) / rate.denominator;
    // The first packets are small, and of what a probe of few units shows a few per cent are rounding.
    const isPrecise = worth >= 1_000n;
    return isPrecise && (arrived + 2n) * 100n < worth * 98n
      ? `of ${amount}, worth ${worth}, arrived ${arrived}`
      : undefined;
  });
}

/** What an end got in all, late and unheard of too, is never more than the jobs of the other end were worth. */
function findOverpaid({ world, rates, work }: ConnectionSchedule): string | undefined {
  const worthOf = (by: Work['by'], { numerator, denominator }: TestRate): bigint => {
    const total = work.reduce((sum, one) => (one.by === by ? sum + one.job.money : sum), 0n);
    return (total * numerator) / denominator;
  };
  const { clientOut, serverIn, serverOut, clientIn } = world.books;
  return (
    exceeds('paid to the server', paidTotal(clientOut, serverIn), worthOf('client', rates.there)) ??
    exceeds('paid to the client', paidTotal(serverOut, clientIn), worthOf('server', rates.back))
  );
}

/** Bytes arrive as they were written, in order, and all of them where the sender was told so. */
function findWorkFault(schedule: ConnectionSchedule, work: Work): string | undefined {
  const { readings, isFair, isLossy } = schedule;
  const { by, job, stream, error, isDone } = work;
  const name = `stream ${stream.id} of the ${by}`;
  if (!isDone) return `${name} has not ended`;
  if (stream.sent > job.money) return `${name} sent ${stream.sent}, more than ${job.money}`;
  const other = by === 'client' ? 'server' : 'client';
  const reading = readings.get(`${other} ${stream.id}`);
  const read = reading?.bytes ?? new Uint8Array(0);
  if (Buffer.compare(read, job.bytes.subarray(0, read.length)) !== 0) return `${name}: wrong bytes`;
  if (error !== undefined) {
    return isFair && !isOfLoss(error, isLossy)
      ? `a fair path, and ${name}: ${describe(error)}`
      : undefined;
  }
  if (stream.sent !== job.money) return `${name} sent ${stream.sent}, not ${job.money}`;
  const isUsed = job.money > 0n || job.bytes.length > 0;
  if (!isUsed || (read.length === job.bytes.length && reading?.isWhole === true)) return undefined;
  return `${name}: ${read.length} of ${job.bytes.length} bytes were read, to the end: ${String(reading?.isWhole)}`;
}

/**
 * A packet that nobody answered may have been paid, so it is not sent again. And where every packet of twenty seconds gets
 * lost, which is rare but drawn at times, the sender has to give up.
 */
function isOfLoss(error: unknown, isLossy: boolean): boolean {
  const { code } = error as { code?: unknown };
  return code === 'OUTCOME_UNKNOWN' || (isLossy && code === 'NO_PROGRESS');
}

/** The ends know of the end, and nothing is left that waits or wakes up. */
function findEndFault(schedule: ConnectionSchedule): string | undefined {
  const { world, client, server, ends, isFair } = schedule;
  const broken = ends.find((end) => end?.code === 'PROTOCOL_VIOLATION');
  // Nobody on the way can make either end say what it does not, so neither sees the other break a rule.
  if (broken !== undefined) return broken.message;
  // Where each packet that tells the close got lost, the other end finds out by the silence.
  const isTold = ends.includes(undefined);
  const error = ends.find((end) => end !== undefined && !(isTold && end.code === 'IDLE'));
  if (isFair && error !== undefined) return `a fair path, and an end ends with ${error.message}`;
  if (!client.isClosed || !server.isClosed) return 'an end is not closed';
  return world.clock.pendingTimers > 0 ? 'timers are left' : undefined;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : 'no error';
}

function differ(what: string, said: bigint, booked: bigint): string | undefined {
  return said === booked ? undefined : `${what} ${said}, the auditor saw ${booked}`;
}

function exceeds(what: string, said: bigint, booked: bigint): string | undefined {
  return said <= booked ? undefined : `${what} ${said}, the auditor saw ${booked}`;
}

function firstOf<T>(
  items: readonly T[],
  find: (item: T) => string | undefined,
): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
