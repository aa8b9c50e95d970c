import type { Ratio } from '../rate/ratio.js';

const DIGITS = 15;

/** A ratio as a decimal for people, cut off after so many significant digits: `0.91816`. */
export function formatRatio({ numerator, denominator }: Ratio, digits: number = DIGITS): string {
  const whole = numerator / denominator;
  let text = String(whole);
  let significant = whole === 0n ? 0 : text.length;
  let rest = numerator % denominator;
  if (rest > 0n && significant < digits) text += '.';
  while (rest > 0n && significant < digits) {
    rest *= 10n;
    const digit = rest / denominator;
    rest %= denominator;
    text += String(digit);
    if (significant > 0 || digit > 0n) significant += 1;
  }
  return text;
}
