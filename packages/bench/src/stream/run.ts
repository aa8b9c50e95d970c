/**
 * `npm run bench -- stream`: STREAM beside what cryptography alone costs, a payment loop written by hand, and the libraries that
 * others use today.
 */
import { runFrames, runPackets } from './packets.js';

export function run(): void {
  runPackets();
  runFrames();
}
