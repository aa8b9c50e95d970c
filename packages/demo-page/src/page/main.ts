/** What runs in the page: a wallet is opened, the page's own pointer is paid, and the page shows how. */
import { formatAmount } from '@pennyswitch/spsp';
import type { Asset } from '@pennyswitch/stream';
import { Monetization, monetizationPointer, type ProgressDetail } from './monetization.js';
import { Payer, type Arrival, type PayerState } from './payer.js';
import { element, showEvent, showMeter, showState, write } from './view.js';
import { openWallet, type PageWallet } from './wallet.js';

/** What the slider's steps stand for, in millionths of a whole unit for each second. */
const RATES = [500n, 1000n, 2000n, 5000n, 10_000n, 20_000n];

const monetization = new Monetization();
document.monetization = monetization;

/** What has been paid so far. */
const totals = {
  sent: 0n,
  delivered: 0n,
  packets: 0,
  seconds: 0,
  /** What arrived in each second. */
  bars: [] as bigint[],
  destinationAsset: undefined as Asset | undefined,
};
let isPaused = false;
let arrivedThisSecond = 0n;

async function run(): Promise<void> {
  const pointer = monetizationPointer();
  if (pointer === undefined) throw new Error('the page names no payment pointer');
  showState('connecting', undefined);
  const wallet = await openWallet();
  write('address', wallet.address);
  write('asset', `${wallet.asset.code}, scale ${wallet.asset.scale}`);
  const requestId = crypto.randomUUID();
  const payer = new Payer({
    wallet,
    pointer,
    requestId,
    perSecond: () => (isPaused || document.hidden ? 0n : ratePerSecond(wallet.asset)),
    onState: (state, problem) => {
      if (state === 'waiting') monetization.stop();
      showPayer(state, problem);
    },
    onArrival: (arrival) => {
      book(arrival, { paymentPointer: pointer, requestId });
      show(wallet);
    },
  });
  handleControls(wallet);
  listen();
  setInterval(() => {
    tick(wallet);
  }, 1000);
  addEventListener('pagehide', () => {
    payer.stop();
  });
  show(wallet);
  await payer.run();
}

/** Units for each second at the slider's step. */
function ratePerSecond({ scale }: Asset): bigint {
  const step = RATES[Number(element('rate', HTMLInputElement).value)] ?? 0n;
  const units = (step * 10n ** BigInt(scale)) / 1_000_000n;
  return units === 0n ? 1n : units;
}

function book(
  { sent, delivered, asset, receipt }: Arrival,
  ids: Pick<ProgressDetail, 'paymentPointer' | 'requestId'>,
): void {
  totals.sent += sent;
  totals.delivered += delivered;
  totals.packets += 1;
  totals.destinationAsset = asset;
  arrivedThisSecond += delivered;
  monetization.progress({
    ...ids,
    amount: delivered.toString(),
    assetCode: asset?.code ?? '',
    assetScale: asset?.scale ?? 0,
    receipt: receipt === undefined ? null : btoa(String.fromCharCode(...receipt)),
  });
}

function tick(wallet: PageWallet): void {
  if (element('state', HTMLElement).dataset['state'] === 'paying') totals.seconds += 1;
  totals.bars.push(arrivedThisSecond);
  totals.bars.splice(0, totals.bars.length - 60);
  arrivedThisSecond = 0n;
  show(wallet);
}

function show({ asset, budget }: PageWallet): void {
  showMeter({ ...totals, sourceAsset: asset, budget });
}

let shownState: PayerState = 'connecting';

function showPayer(state: PayerState, problem?: string): void {
  shownState = state;
  // What is on its way arrives: it is paused once the payer says so.
  showState(isPaused && state === 'paying' ? 'pausing' : state, problem);
}

function handleControls({ asset }: PageWallet): void {
  const rate = element('rate', HTMLInputElement);
  const showRate = (): void => {
    const text = `${formatAmount(ratePerSecond(asset), asset, 3)} ${asset.code}`;
    write('rate-text', `${text} a second`);
  };
  rate.addEventListener('input', showRate);
  showRate();
  const button = element('pause', HTMLButtonElement);
  button.disabled = false;
  button.addEventListener('click', () => {
    isPaused = !isPaused;
    button.textContent = isPaused ? 'Go on paying' : 'Pause';
    showPayer(shownState);
  });
}

/** What any page does with Web Monetization: it listens, and gives something back. */
function listen(): void {
  monetization.addEventListener('monetizationstart', () => {
    document.body.classList.add('is-paid');
    showEvent('monetizationstart');
  });
  monetization.addEventListener('monetizationprogress', (event) => {
    const { amount, assetCode, assetScale } = (event as CustomEvent<ProgressDetail>).detail;
    const arrived = formatAmount(BigInt(amount), { code: assetCode, scale: assetScale });
    showEvent(`monetizationprogress  ${arrived} ${assetCode}`);
  });
}

run().catch((error: unknown) => {
  showState('waiting', error instanceof Error ? error.message : String(error));
});
