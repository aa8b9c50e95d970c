/** The connector's figures: `npm run bench -- connector`. */
import { runMemory } from './memory.js';

export async function run(): Promise<void> {
  await runMemory();
}
