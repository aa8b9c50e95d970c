import { Command } from 'commander';
import { nodeApiOf, withOperatorOptions, type OperatorOptions } from '../operator/options.js';
import type { RouteView } from '../operator/views.js';
import { formatTable } from '../text/table.js';
import { printLine } from './output.js';

interface ListOptions extends OperatorOptions {
  readonly account?: string;
  readonly limit: string;
  readonly after?: string;
}

interface Page {
  readonly routes: readonly RouteView[];
  readonly total: number;
  readonly next?: string;
}

/** `pennyswitch routes [PREFIX]` and `pennyswitch routes why ADDRESS` */
export function routesCommand(): Command {
  const routes = new Command('routes').description('the routing table of a node that runs');
  withOperatorOptions(routes.command('list', { isDefault: true }))
    .description('routes with why they are the best')
    .argument('[prefix]', 'only prefixes that start like this')
    .option('--account <id>', 'only routes over this account')
    .option('--limit <number>', 'at most so many', '100')
    .option('--after <prefix>', 'go on behind this prefix')
    .action(list);
  withOperatorOptions(routes.command('why'))
    .description('where packets to one address go, and why')
    .argument('<address>')
    .action(why);
  return routes;
}

async function list(prefix: string | undefined, options: ListOptions): Promise<void> {
  const { account, limit, after } = options;
  const query = { prefix, account, limit, after };
  const page = await nodeApiOf(options).get<Page>('/routes', query);
  if (options.json === true) {
    printLine(JSON.stringify(page));
    return;
  }
  const rows = page.routes.map((route) => [
    route.prefix === '' ? '(default)' : route.prefix,
    route.nextHop ?? '(this node)',
    route.path.join(' '),
    route.why,
  ]);
  printLine(
    formatTable([['prefix', 'next hop', 'path', 'why'], ...rows], ['left', 'left', 'left', 'left']),
  );
  if (page.next !== undefined) {
    printLine(`${page.routes.length} of ${page.total}; go on with --after ${page.next}`);
  }
}

async function why(destination: string, options: OperatorOptions): Promise<void> {
  const found = await nodeApiOf(options).get<{
    nextHops: (string | null)[];
    prefix?: string;
    why: string;
  }>('/routes/lookup', { destination });
  if (options.json === true) {
    printLine(JSON.stringify(found));
    return;
  }
  const hops = found.nextHops.map((hop) => hop ?? '(this node)');
  const rows = [
    ['goes to', hops.length === 0 ? 'nowhere (F02)' : hops.join(', then ')],
    ['prefix', found.prefix === '' ? '(default)' : (found.prefix ?? '')],
    ['why', found.why],
  ];
  printLine(formatTable(rows, ['left', 'left']));
}
