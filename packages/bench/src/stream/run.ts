/**
 * `npm run bench -- stream`: STREAM beside what cryptography alone costs, a payment loop written by hand, and the libraries that
 * others use today.
 */
import { runData } from './data.js';
import { runFrames, runPackets } from './packets.js';
import { runPayment } from './payment.js';
import { runReceivers } from './receivers.js';

export async function run(): Promise<void> {
  runPackets();
  runFrames();
  await runPayment();
  await runData();
  await runReceivers();
}
