/**
 * What a packet is called in logs: the first eight bytes of its condition in hex. No hop changes the condition (RFC 0027), so
 * the logs of every node on the path call the packet the same, and nothing has to be added to it.
 */
export function traceIdOf(packet: { readonly condition: Uint8Array }): string {
  let text = '';
  for (const byte of packet.condition.subarray(0, 8)) text += byte.toString(16).padStart(2, '0');
  return text;
}
