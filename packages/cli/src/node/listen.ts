import { CommandFailure, ExitCode } from '../exit-codes.js';

/** Where something listens. */
export interface Listener {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/** How to treat a port that is taken. */
export interface ListenOptions {
  /** What listens there, for the message: `BTP`, `admin API`. */
  readonly name: string;
  /** End with {@link ExitCode.portInUse} instead of taking another port. */
  readonly strict: boolean;
  readonly warn: (message: string) => void;
}

/**
 * Listens, on another port if the one that was asked for is taken.
 * @param listen listens on that port; rejects with Node's `EADDRINUSE`.
 * @throws {@link CommandFailure} for a taken port when strict, and for any other failure to listen.
 */
export async function listenSomewhere<T>(
  where: Listener,
  options: ListenOptions,
  listen: (where: Listener) => Promise<T>,
): Promise<T> {
  try {
    return await listen(where);
  } catch (cause) {
    const place = `${where.host}:${where.port}`;
    if (!isAddressInUse(cause)) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CommandFailure(
        ExitCode.configuration,
        `cannot listen on ${place} for ${options.name}: ${reason}`,
        { cause },
      );
    }
    if (options.strict) {
      throw new CommandFailure(ExitCode.portInUse, `port ${place} (${options.name}) is in use`, {
        cause,
      });
    }
    options.warn(`port ${place} (${options.name}) is in use, taking another one`);
    return await listen({ ...where, port: 0 });
  }
}

function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
