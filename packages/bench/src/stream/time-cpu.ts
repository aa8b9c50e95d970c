/** How long something took, milliseconds. */
export interface Times {
  /** Of this process: what others do on the machine hardly counts. */
  readonly cpu: number;
  readonly wall: number;
}

export async function timeCpu(job: () => Promise<unknown>): Promise<Times> {
  const [before, start] = [process.cpuUsage(), performance.now()];
  await job();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1000, wall: performance.now() - start };
}
