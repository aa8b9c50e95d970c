import type { EventEmitter } from 'eventemitter3';
import { messageOf } from './errors.js';
import type { Logger } from './environment.js';
import type { ConnectorEvents } from './events.js';

/** Tells listeners what happened. One that throws is logged and harms nothing: packets and books do not depend on listeners. */
export function notify<Name extends keyof ConnectorEvents>(
  to: { readonly events: EventEmitter<ConnectorEvents>; readonly logger: Logger },
  name: Name,
  ...args: Parameters<ConnectorEvents[Name]>
): void {
  if (to.events.listenerCount(name) === 0) return;
  try {
    to.events.emit(
      name,
      ...(args as Parameters<EventEmitter.EventListener<ConnectorEvents, Name>>),
    );
  } catch (error) {
    to.logger.error('a listener failed', { event: name, error: messageOf(error) });
  }
}
