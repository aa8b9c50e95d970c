/** Where to connect instead, as curl's `--connect-to` says it: name and certificate stay those of the host. */
export interface ConnectTo {
  /** In lower case. */
  readonly host: string;
  readonly port: number;
  readonly address: string;
  readonly addressPort: number;
}

/** Reads `HOST:PORT:ADDRESS:PORT`. @throws TypeError */
export function parseConnectTo(text: string): ConnectTo {
  const match = /^([^:]+):([0-9]{1,5}):([^:]+):([0-9]{1,5})$/.exec(text);
  if (match === null) {
    throw new TypeError(`expected HOST:443:ADDRESS:PORT, found ${JSON.stringify(text)}`);
  }
  const [, host = '', port = '', address = '', addressPort = ''] = match;
  return {
    host: host.toLowerCase(),
    port: Number(port),
    address,
    addressPort: Number(addressPort),
  };
}
