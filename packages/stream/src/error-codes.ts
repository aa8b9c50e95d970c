/** Why a stream or a connection was closed (RFC 0029 5.4): the `errorCode` of a close frame. */
export const StreamErrorCode = {
  /** Closed normally. */
  NoError: 0x01,
  /** The endpoint met an unexpected error. */
  InternalError: 0x02,
  /** The endpoint is overloaded for now. */
  EndpointBusy: 0x03,
  /** The other endpoint exceeded the limits that were advertised to it. */
  FlowControlError: 0x04,
  /** The other endpoint opened more streams than allowed. */
  StreamIdError: 0x05,
  /** The other endpoint sent frames for a stream that is closed. */
  StreamStateError: 0x06,
  /** The other endpoint sent a frame with invalid syntax. */
  FrameFormatError: 0x07,
  /** The other endpoint violated the protocol in another way. */
  ProtocolViolation: 0x08,
  /** The application closed the stream or connection with an error. */
  ApplicationError: 0x09,
} as const;

/** A code of RFC 0029 5.4. A frame from a peer may carry any number from 0 to 255. */
export type StreamErrorCode = (typeof StreamErrorCode)[keyof typeof StreamErrorCode];

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(StreamErrorCode).map(([name, code]) => [code, name]),
);

/** The name of a code as RFC 0029 gives it, or the number where it gives none. */
export function streamErrorName(code: number): string {
  return NAMES.get(code) ?? `error ${code}`;
}
