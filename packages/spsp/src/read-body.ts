import type { Deadline } from './deadline.js';
import { SpspError } from './errors.js';

/** The body as text. @throws {@link SpspError} `BAD_RESPONSE` as soon as it is longer than it may be. */
export async function readText(
  { body }: Response,
  maxBytes: number,
  deadline: Deadline,
): Promise<string> {
  if (body === null) return '';
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  try {
    for (;;) {
      const chunk = await deadline.race(reader.read());
      if (chunk.done) return text + decoder.decode();
      length += chunk.value.length;
      if (length > maxBytes) {
        throw new SpspError('BAD_RESPONSE', `the answer is longer than ${maxBytes} bytes`);
      }
      text += decoder.decode(chunk.value, { stream: true });
    }
  } finally {
    // Whatever is left is not wanted; a body that has ended takes no harm.
    reader.cancel().catch(() => undefined);
  }
}
