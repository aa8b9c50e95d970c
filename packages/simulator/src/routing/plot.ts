/** What one size of network took, in virtual milliseconds. */
export interface PlotPoint {
  readonly nodes: number;
  readonly startMs: number;
  readonly partitionMs: number;
  readonly healMs: number;
}

const WIDTH = 640;
const HEIGHT = 360;
const MARGIN = { left: 60, right: 130, top: 30, bottom: 50 };
const LINE = 16;
const SERIES = [
  { key: 'startMs', name: 'all start at once', colour: '#1b6ca8' },
  { key: 'partitionMs', name: 'a part is cut off', colour: '#c0392b' },
  { key: 'healMs', name: 'it is joined again', colour: '#2d8a4e' },
] as const;

/** Convergence against size, with a logarithmic axis of sizes, as SVG. */
export function drawPlot(points: readonly PlotPoint[]): string {
  const sizes = points.map(({ nodes }) => nodes);
  const [least, most] = [Math.log10(Math.min(...sizes)), Math.log10(Math.max(...sizes))];
  const seconds = Math.ceil(
    Math.max(...points.flatMap((point) => SERIES.map(({ key }) => point[key]))) / 1000,
  );
  const x = (nodes: number): number =>
    MARGIN.left +
    ((Math.log10(nodes) - least) / (most - least || 1)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (ms: number): number =>
    HEIGHT - MARGIN.bottom - (ms / 1000 / seconds) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const nameAt = apart(SERIES.map(({ key }) => [key, y(points.at(-1)?.[key] ?? 0) + 4]));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(
      MARGIN.left,
      18,
      'seconds of virtual time until every pair of nodes that policy lets reach each other has a path',
    ),
    ...Array.from({ length: seconds + 1 }, (_, second) => tick(y(second * 1000), second)),
    ...sizes.map((nodes) => text(x(nodes), HEIGHT - 30, nodes.toLocaleString('en'), 'middle')),
    text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 10, 'nodes', 'middle'),
    ...SERIES.flatMap(({ key, name, colour }) => {
      const places = points.map((point) => `${round(x(point.nodes))},${round(y(point[key]))}`);
      return [
        `<polyline points="${places.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...points.map(
          (point) =>
            `<circle cx="${round(x(point.nodes))}" cy="${round(y(point[key]))}" r="3" fill="${colour}"/>`,
        ),
        text(WIDTH - MARGIN.right + 8, nameAt.get(key) ?? 0, name, 'start', colour),
      ];
    }),
    '</svg>',
    '',
  ].join('\n');
}

/** Moves texts that would lie on each other down until they do not. */
function apart<Key>(places: readonly (readonly [Key, number])[]): Map<Key, number> {
  let free = -Infinity;
  const moved = [...places].sort(([, a], [, b]) => a - b);
  return new Map(
    moved.map(([key, at]) => {
      const place = Math.max(at, free);
      free = place + LINE;
      return [key, place];
    }),
  );
}

function tick(at: number, second: number): string {
  const line = `<line x1="${MARGIN.left}" y1="${round(at)}" x2="${WIDTH - MARGIN.right}" y2="${round(at)}" stroke="#ddd"/>`;
  return `${line}${text(MARGIN.left - 8, at + 4, String(second), 'end')}`;
}

function text(x: number, y: number, words: string, anchor = 'start', fill = '#222'): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${fill}">${words}</text>`;
}

function round(value: number): string {
  return value.toFixed(1);
}
