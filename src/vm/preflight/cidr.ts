const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/** One address as a range, `10.0.0.9/32`; undefined for a name, which would have to be looked up at each start. */
export function hostCidr(address: string): string | undefined {
  const plain = address.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  if (IPV4.test(plain)) return `${plain}/32`;
  return /^[0-9a-f:]+$/i.test(plain) && plain.includes(':') ? `${plain.toLowerCase()}/128` : undefined;
}
