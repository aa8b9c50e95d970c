import { BlockList, isIP } from 'node:net';

/** Networks that no public service is in (the registries of RFC 6890), multicast, and what embeds IPv4 into IPv6. */
const IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Link-local, with the metadata services of clouds at 169.254.169.254.
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** All of IPv6 but 2000::/3, which alone is public, and the exceptions within it. */
const IPV6: readonly (readonly [string, number])[] = [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  // Teredo and the rest of the special-purpose block, documentation, 6to4.
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

// Two lists: in one, the networks of IPv6 would take in all of IPv4, as addresses mapped into it.
const blocked4 = new BlockList();
for (const [network, prefix] of IPV4) blocked4.addSubnet(network, prefix, 'ipv4');
const blocked6 = new BlockList();
for (const [network, prefix] of IPV6) blocked6.addSubnet(network, prefix, 'ipv6');

/** Whether an IP address is in no public network. An address that cannot be read is taken for private. */
export function isPrivateAddress(address: string): boolean {
  const plain = address.split('%', 1)[0] ?? '';
  const mapped = /^::ffff:([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)$/i.exec(plain);
  if (mapped !== null) return isPrivateAddress(mapped[1] ?? '');
  switch (isIP(plain)) {
    case 4:
      return blocked4.check(plain, 'ipv4');
    case 6:
      return blocked6.check(plain, 'ipv6');
    default:
      return true;
  }
}
