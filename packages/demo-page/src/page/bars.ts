const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 300;
const HEIGHT = 56;
const SLOTS = 60;
const GAP = 1.5;

/** Draws a bar for each second, up to the last sixty, each as high as its share of the highest. */
export function drawBars(svg: SVGElement, bars: readonly bigint[]): void {
  const shown = bars.slice(-SLOTS);
  const highest = shown.reduce((most, bar) => (bar > most ? bar : most), 1n);
  const slot = WIDTH / SLOTS;
  const drawn = shown.map((bar, i) => {
    const height = Math.max(1.5, (Number((bar * 1000n) / highest) / 1000) * HEIGHT);
    const rect = document.createElementNS(SVG, 'rect');
    const facts = {
      x: (SLOTS - shown.length + i) * slot,
      y: HEIGHT - height,
      width: slot - GAP,
      height,
    };
    for (const [name, value] of Object.entries(facts)) rect.setAttribute(name, value.toFixed(2));
    rect.setAttribute('class', bar > 0n ? 'bar' : 'bar bar-empty');
    return rect;
  });
  svg.replaceChildren(...drawn);
}
