/** In a page: the browser build of spsp, with what a test asks it to do. */
import {
  PaymentPointerError,
  SpspClient,
  SpspError,
  type SpspQueryOptions,
} from '@pennyswitch/spsp';

const client = new SpspClient({ allowHttpOnLoopback: true, maxRetries: 0, timeoutMs: 30_000 });

const page = {
  /** Asks for payment details; gives back the destination, or the code of the error. */
  async query(endpoint: string, options: SpspQueryOptions = {}): Promise<string> {
    try {
      const { destination, finalHost } = await client.query(endpoint, options);
      return `${destination} from ${finalHost}`;
    } catch (error) {
      if (error instanceof SpspError || error instanceof PaymentPointerError) return error.code;
      throw error;
    }
  },
};

/** The test's side of {@link page}. */
export type SpspPage = typeof page;

Object.assign(globalThis, { spsp: page });
