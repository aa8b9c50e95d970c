/**
 * A value now, or later. Stores and an application's handlers may answer either way; what answers at once (the memory
 * store, all built-in steps) costs the hot path no turn of the event loop.
 */
export type Awaitable<T> = T | Promise<T>;

/** Whether a value is still to come. */
export function isPromise<T>(value: Awaitable<T>): value is Promise<T> {
  return value instanceof Promise;
}
