/**
 * What the exit status of `pennyswitch` says. Scripts rely on the numbers: they do not change.
 */
export const ExitCode = {
  /** Done. After Ctrl-C: stopped in order. */
  ok: 0,
  /** Something that should not happen. */
  internal: 1,
  /** The command line is wrong. */
  usage: 2,
  /** A configuration, profile or certificate file is wrong or cannot be read. */
  configuration: 3,
  /** Bytes that `decode` cannot read to their end. */
  malformed: 4,
  /** A port is taken and `--strict-port` forbids another one. */
  portInUse: 5,
  /** The store cannot be reached: Redis does not answer, or refuses the password. */
  store: 6,
  /** The uplink refused the token. */
  authentication: 10,
  /** The uplink cannot be reached, or gives no address. */
  uplink: 11,
  /** No payment pointer has this form, or nobody has this pointer. */
  unknownPointer: 12,
  /** The SPSP server cannot be reached, or its answer cannot be used. */
  pointerOffline: 13,
  /** No connector knows a way to the receiver. */
  noRoute: 20,
  /** The receiver does not answer. */
  receiverOffline: 21,
  /** The path gives less than the minimum exchange rate. */
  rate: 22,
  /** The sender's or a connector's balance does not allow it. */
  insufficientBalance: 23,
  /** The payment ended early for another reason. */
  paymentFailed: 24,
  /** No node answers at its admin API. */
  nodeUnreachable: 25,
  /** The node refuses the token of its admin API. */
  nodeRefused: 26,
  /** The node does not do what it is asked. */
  nodeError: 27,
  /** `demo`: what was delivered is not what the configuration says must arrive. */
  deliveryWrong: 30,
  /** `demo`: the two sides of an account do not agree. */
  booksDisagree: 31,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** A failure that ends the command with one line for a person and an exit code for a script. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
