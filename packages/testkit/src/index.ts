/**
 * A world for tests, on virtual time and from a seed: a clock that moves when it is told to ({@link VirtualClock}), links
 * that lose, delay, duplicate and reorder ({@link lossyLink}), a connector in one screen ({@link TinyConnector}) and an
 * auditor with books of its own ({@link Auditor}).
 *
 * @packageDocumentation
 */
export { realClock, VirtualClock, type RunLimit, type TestClock } from './virtual-clock.js';
export { SeededRandom, seededRandom } from './random.js';
export {
  lossyLink,
  type FaultyPacket,
  type LinkFault,
  type LinkFaults,
  type LossyLinkOptions,
} from './lossy-link.js';
export { TinyConnector, type TestRate, type TinyConnectorSettings } from './tiny-connector.js';
export { AuditedPlace, Auditor, type AuditedPacket } from './auditor.js';
