/**
 * Whole networks of the real code on virtual time: what a run shows follows from its seed, and takes no more time than the
 * code does.
 *
 * {@link runRouting} has connectors exchange routes (CCP) in networks that are shaped like the Internet, and compares what they
 * come to with an all-knowing {@link Solver} that shares no code with them. `npm run simulate -- routing` prints it.
 *
 * @packageDocumentation
 */
export { EventQueue, type SimulatedEvent } from './event-queue.js';

// Routing.
export { drawGraph, type Graph, type SimulatedEdge, type SimulatedNode } from './routing/graph.js';
export { SimulatedNetwork, type Traffic } from './routing/network.js';
export { Solver, WAY, type Solution } from './routing/solver.js';
export { Inspector, type Fault } from './routing/inspector.js';
export {
  runRouting,
  type PhaseResult,
  type RoutingRun,
  type RoutingRunOptions,
} from './routing/scenario.js';
export { drawPlot, type PlotPoint } from './routing/plot.js';
export { PHASE_HEADING, phaseLine } from './routing/report.js';
