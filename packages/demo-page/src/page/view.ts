/** The meter beside the article. */
import { formatAmount } from '@pennyswitch/spsp';
import type { Asset } from '@pennyswitch/stream';
import { drawBars } from './bars.js';
import type { PayerState } from './payer.js';

/** What the meter shows. */
export interface Meter {
  readonly sent: bigint;
  readonly delivered: bigint;
  readonly packets: number;
  /** What may be sent in all. */
  readonly budget: bigint;
  readonly sourceAsset: Asset;
  readonly destinationAsset: Asset | undefined;
  readonly seconds: number;
  /** What arrived in each of the last seconds, the latest last. */
  readonly bars: readonly bigint[];
}

/** What the page shows of the paying. */
export type ShownState = PayerState | 'pausing';

const STATES: Readonly<Record<ShownState, string>> = {
  connecting: 'connecting',
  paying: 'paying',
  pausing: 'pausing',
  paused: 'paused',
  waiting: 'trying again',
};

/** The page's element of an id. @throws Error where it has none of that kind. */
export function element<Kind extends Element>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} #${id}`);
}

/** Puts a text into an element. */
export function write(id: string, text: string): void {
  element(id, HTMLElement).textContent = text;
}

export function showMeter(meter: Meter): void {
  const { sent, budget, delivered, packets, sourceAsset, destinationAsset, seconds, bars } = meter;
  write(
    'delivered',
    destinationAsset === undefined
      ? delivered.toString()
      : formatAmount(delivered, destinationAsset, destinationAsset.scale),
  );
  write('delivered-code', destinationAsset?.code ?? 'units');
  const spent = element('spent', HTMLProgressElement);
  spent.value = budget > 0n ? Number((sent * 1000n) / budget) / 1000 : 1;
  write('sent', `${formatAmount(sent, sourceAsset)} ${sourceAsset.code}`);
  write('budget', `${formatAmount(budget, sourceAsset)} ${sourceAsset.code}`);
  write('packets', packets.toString());
  write('time', clockOf(seconds));
  drawBars(element('bars', SVGElement), bars);
}

export function showState(state: ShownState, problem: string | undefined): void {
  const pill = element('state', HTMLElement);
  pill.textContent = STATES[state];
  pill.dataset['state'] = state;
  const note = element('problem', HTMLElement);
  note.textContent = problem ?? '';
  note.hidden = problem === undefined;
}

/** One line of the event log, the latest on top. */
export function showEvent(text: string): void {
  const line = document.createElement('li');
  line.textContent = text;
  const list = element('log', HTMLElement);
  list.prepend(line);
  while (list.children.length > 5) list.lastElementChild?.remove();
}

function clockOf(seconds: number): string {
  const rest = (seconds % 60).toString().padStart(2, '0');
  return `${Math.floor(seconds / 60)}:${rest}`;
}
