import { Command } from 'commander';
import { nodeApiOf, withOperatorOptions, type OperatorOptions } from '../operator/options.js';
import type { RateView } from '../operator/views.js';
import { formatTable } from '../text/table.js';
import { printLine } from './output.js';

/** `pennyswitch rates` */
export function ratesCommand(): Command {
  return withOperatorOptions(new Command('rates'))
    .description('what a node that runs converts with')
    .action(async (options: OperatorOptions) => {
      const { rates } = await nodeApiOf(options).get<{ rates: RateView[] }>('/rates');
      if (options.json === true) {
        printLine(JSON.stringify({ rates }));
        return;
      }
      const rows = rates.map(({ from, to, rate, net }) => [
        `${from}/${to}`,
        rate ?? 'none, or a stale one (T00)',
        net ?? '',
      ]);
      printLine(formatTable([['pair', 'rate', 'less spread'], ...rows], ['left', 'left', 'left']));
    });
}
