import { StreamErrorCode } from '../error-codes.js';
import { StreamConnectionError } from './connection-error.js';
import type { ConnectionState } from './connection-state.js';
import { writable } from './close-message.js';
import type { StreamState } from './stream-state.js';

/** The most that one chunk of a readable has, in bytes. */
const MAX_CHUNK = 65_536;

/** What the byte streams of a stream need of it. */
export interface StreamDataHost {
  /** Resolves to the first thing but undefined that a look at the stream gives. */
  until<T>(check: () => T | undefined): Promise<T>;
  pump(): void;
  failure(): StreamConnectionError | undefined;
  state(): ConnectionState;
  isClosed(): boolean;
}

type Readiness = 'data' | 'end' | StreamConnectionError;

/** The bytes that come in. Each read makes room for as many more. */
export function createReadable(
  stream: StreamState,
  host: StreamDataHost,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const readiness = await host.until(() => readinessOf(stream, host));
        if (readiness === 'end') controller.close();
        else if (readiness !== 'data') controller.error(readiness);
        else {
          const bytes = stream.input.read(MAX_CHUNK);
          host.state().handleRead(stream, bytes.length);
          controller.enqueue(bytes);
          host.pump();
        }
      },
      cancel: () => {
        host.state().cancelInput(stream);
        host.pump();
      },
    },
    { highWaterMark: 0 },
  );
}

function readinessOf(stream: StreamState, host: StreamDataHost): Readiness | undefined {
  if (stream.input.readable > 0) return 'data';
  const isEnded = stream.remoteClose?.code === StreamErrorCode.NoError;
  if (isEnded && stream.input.isContiguous) return 'end';
  if (!host.isClosed()) return undefined;
  const failure = host.failure();
  if (failure !== undefined) return failure;
  return stream.input.isContiguous
    ? 'end'
    : new StreamConnectionError('CLOSED', 'the stream was closed before all of its data came');
}

/** The bytes that go out, as many at a time as the policy allows to be kept. */
export function createWritable(
  stream: StreamState,
  host: StreamDataHost,
): WritableStream<Uint8Array> {
  const { writeBuffer } = host.state().facts.policy;
  return new WritableStream<Uint8Array>({
    write: async (chunk) => {
      for (let at = 0; at < chunk.length;) {
        const failure = findWriteFailure(stream, host);
        if (failure !== undefined) throw failure;
        const piece = chunk.subarray(at, at + Math.max(0, writeBuffer - stream.output.kept));
        stream.output.write(piece);
        at += piece.length;
        host.pump();
        await host.until(() =>
          stream.output.kept < writeBuffer || findWriteFailure(stream, host) ? true : undefined,
        );
      }
    },
    close: async () => {
      host.state().closeStream(stream, { code: StreamErrorCode.NoError, message: '' }, false);
      host.pump();
      const end = await host.until(() => {
        if (stream.closePhase === 'done') return 'done';
        return host.isClosed() ? (host.failure() ?? streamClosed(stream)) : undefined;
      });
      if (end !== 'done') throw end;
    },
    abort: (reason: unknown) => {
      const message = writable(reason instanceof Error ? reason.message : '');
      host.state().closeStream(stream, { code: StreamErrorCode.ApplicationError, message }, true);
      host.pump();
    },
  });
}

function findWriteFailure(
  stream: StreamState,
  host: StreamDataHost,
): StreamConnectionError | undefined {
  if (stream.closing === undefined && !host.isClosed()) return undefined;
  return host.failure() ?? streamClosed(stream);
}

/** Which end closed the stream, where that was no failure: what is asked of it now comes too late. */
export function streamClosed({ isCloseFollowing }: StreamState): StreamConnectionError {
  return isCloseFollowing
    ? new StreamConnectionError('REMOTE_CLOSED', 'the other end closed the stream', {
        streamErrorCode: StreamErrorCode.NoError,
      })
    : new StreamConnectionError('CLOSED', 'the stream is closed');
}
