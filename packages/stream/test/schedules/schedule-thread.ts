/** What a thread of {@link SchedulePool} runs, bundled. */
import { parentPort } from 'node:worker_threads';
import { runRange, type ScheduleRange } from './run-schedules.js';

const port = parentPort;
port?.on('message', (range: ScheduleRange) => {
  void runRange(range).then((report) => port.postMessage(report));
});
