import { BlockList, isIP } from 'node:net';

/** IPv4 blocks that are no hosts of the internet: https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast. */
const CLOSED_V4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24'],
  ...['192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
];
/** In IPv6 only 2000::/3 is the internet. In it, these are not, or wrap another address: Teredo and its neighbours, documentation, 6to4. */
const OPEN_V6 = '2000::/3';
const CLOSED_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

function listOf(family: 'ipv4' | 'ipv6', blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [network = '', bits = ''] = block.split('/');
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}

const closedV4 = listOf('ipv4', CLOSED_V4);
const openV6 = listOf('ipv6', [OPEN_V6]);
const closedV6 = listOf('ipv6', CLOSED_V6);

/**
 * Whether an address is one of the open internet: no private, loopback, link-local (where clouds keep their metadata), shared,
 * multicast or reserved one, nor IPv6 that stands for an IPv4 address.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !closedV4.check(address, 'ipv4');
  return family === 6 && openV6.check(address, 'ipv6') && !closedV6.check(address, 'ipv6');
}
