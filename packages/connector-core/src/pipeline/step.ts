import { isPromise, type Awaitable } from '../awaitable.js';
import { ConnectorError } from '../errors.js';
import type { Directed, Incoming, Priced, StepFields, Timed, Verdict } from './context.js';
import { REJECTIONS } from './rejections.js';

/**
 * One thing that is done to every packet. It sees what the steps before it found out (`In`), and adds what those behind
 * it need (`Out`).
 */
export interface Step<In, Out = In> {
  readonly name: string;
  /** Ends the packet, or lets it go on with undefined. A step may answer later, at the cost of a turn of the event loop. */
  readonly run: (context: In) => Awaitable<Verdict>;
  /** Only a type: what the context is after this step. */
  readonly gives?: Out;
}

/** The built-in steps by name, in their order, with what a handler before or instead of each sees. */
export interface StepInputs {
  // Once for each packet.
  readonly 'packet-rate': Incoming;
  readonly capacity: Incoming;
  readonly 'peer-protocol': Incoming;
  readonly scope: Incoming;
  readonly duplicate: Incoming;
  readonly 'max-packet-amount': Incoming;
  readonly 'incoming-throughput': Incoming;
  readonly echo: Incoming;
  readonly route: Incoming;
  // Once for each way that is tried.
  readonly link: Directed;
  readonly price: Directed;
  readonly expiry: Priced;
  readonly 'outgoing-throughput': Timed;
  readonly reserve: Timed;
}

/** What a step adds for those behind it; whoever stands in for it must write it. */
export interface StepResults {
  readonly route: Pick<StepFields, 'hops'>;
  readonly price: Pick<StepFields, 'outgoingAmount'>;
  readonly expiry: Pick<StepFields, 'outgoingExpiresAt'>;
  readonly reserve: Pick<StepFields, 'entry'>;
}

/** The name of a built-in step. */
export type StepName = keyof StepInputs;

type ResultOf<Name extends StepName> = Name extends keyof StepResults ? StepResults[Name] : object;

/** A handler of the application and its place: before, after or instead of a built-in step. */
export type HandlerPlacement = {
  readonly [Name in StepName]:
    | {
        readonly place: 'before';
        readonly step: Name;
        readonly handler: Step<StepInputs[Name]>;
      }
    | {
        readonly place: 'after';
        readonly step: Name;
        readonly handler: Step<StepInputs[Name] & Readonly<ResultOf<Name>>>;
      }
    | {
        readonly place: 'instead';
        readonly step: Name;
        readonly handler: Step<StepInputs[Name] & ResultOf<Name>>;
      };
}[StepName];

/** Steps in their order, composed once. */
export class Pipeline<Start, End = Start> {
  readonly steps: readonly Step<never, unknown>[];

  private constructor(steps: readonly Step<never, unknown>[]) {
    this.steps = steps;
  }

  /** A pipeline with no steps. */
  static from<Context>(): Pipeline<Context> {
    return new Pipeline<Context>([]);
  }

  /** The same with one step more, which must need no more than the steps before it give. */
  then<Next extends End>(step: Step<End, Next>): Pipeline<Start, Next> {
    return new Pipeline<Start, Next>([...this.steps, step]);
  }

  /** The same with an application's handlers put in their places, in the order given. */
  with(placements: readonly HandlerPlacement[]): Pipeline<Start, End> {
    const steps = [...this.steps];
    for (const { place, step, handler } of placements) {
      const at = steps.findIndex(({ name }) => name === step);
      if (at < 0) continue;
      const added = handler as Step<never, unknown>;
      if (place === 'instead') steps[at] = { ...added, name: step };
      else steps.splice(place === 'before' ? at : at + 1, 0, added);
    }
    return new Pipeline<Start, End>(steps);
  }

  /** Runs the steps until one ends the packet. A promise only if a step answered with one. */
  run(context: Start): Awaitable<Verdict> {
    return runFrom(this.steps, 0, context as never);
  }
}

/** Checks that each placement names a step that exists. @throws {@link ConnectorError} `BAD_SETTING`. */
export function checkPlacements(
  placements: readonly HandlerPlacement[],
  names: ReadonlySet<string>,
): void {
  for (const { step, handler } of placements) {
    if (!names.has(step)) {
      throw new ConnectorError(
        'BAD_SETTING',
        `handler ${handler.name}: there is no step ${JSON.stringify(step)}, only ${[...names].join(', ')}`,
      );
    }
  }
}

function runFrom(
  steps: readonly Step<never, unknown>[],
  start: number,
  context: never,
): Awaitable<Verdict> {
  for (let i = start; i < steps.length; i++) {
    const verdict = steps[i]?.run(context);
    if (verdict === undefined) continue;
    if (!isPromise(verdict)) return verdict;
    return verdict.then((later) => later ?? goOn(steps, i + 1, context));
  }
  return undefined;
}

/** A packet that was answered while a step took its time goes no further. */
function goOn(
  steps: readonly Step<never, unknown>[],
  start: number,
  context: { readonly isOver?: boolean },
): Awaitable<Verdict> {
  return context.isOver === true ? REJECTIONS.timedOut : runFrom(steps, start, context as never);
}
