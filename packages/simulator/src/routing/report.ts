import type { PhaseResult } from './scenario.js';

/** The heading of {@link phaseLine}s. */
export const PHASE_HEADING: string = [
  'phase'.padEnd(10),
  'pairs'.padStart(12),
  'all paths'.padStart(10),
  'settled'.padStart(10),
  'messages'.padStart(12),
  'megabytes'.padStart(10),
  'faults'.padStart(7),
].join(' ');

/** One phase as a line of a table. */
export function phaseLine(phase: PhaseResult): string {
  return [
    phase.name.padEnd(10),
    phase.pairs.toLocaleString('en').padStart(12),
    seconds(phase.convergedMs).padStart(10),
    seconds(phase.settledMs).padStart(10),
    phase.messages.toLocaleString('en').padStart(12),
    (phase.bytes / 1e6).toFixed(1).padStart(10),
    String(phase.faults.length).padStart(7),
  ].join(' ');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
