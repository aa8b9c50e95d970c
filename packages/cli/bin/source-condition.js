/**
 * A module resolve hook: like `node --conditions=@pennyswitch/source`, but from inside a process that is
 * already running.
 */
export function resolve(specifier, context, nextResolve) {
  return nextResolve(specifier, {
    ...context,
    conditions: ['@pennyswitch/source', ...context.conditions],
  });
}
