/** In a page: the browser build of spsp, with what a test asks it to do. */
import { PaymentPointerError, SpspClient, SpspError } from '@pennyswitch/spsp';

const client = new SpspClient({ allowHttpOnLoopback: true, maxRetries: 0, timeoutMs: 5000 });

const page = {
  /** Asks for payment details; gives back the destination, or the code of the error. */
  async query(endpoint: string, monetizationId?: string): Promise<string> {
    try {
      const options = monetizationId === undefined ? {} : { monetizationId };
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
