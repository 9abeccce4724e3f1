const RANGE = /^([^[\]]*)\[([0-9]{1,5}):([0-9]{1,5})\](.*)$/;
/** A fleet has at most this many hosts: its record must fit into one object of the cluster (1 MiB of etcd, 256 KiB of annotations). */
export const MOST_HOSTS = 2000;

/**
 * The hosts that a name stands for: `web-[01:03]` is web-01, web-02 and web-03, with the digits of the first number, as in Ansible's
 * inventories. Undefined for a range that runs backwards or has more than 2000 hosts.
 */
export function hostsOf(name: string): readonly string[] | undefined {
  const [, before = '', first = '', last = '', after = ''] = RANGE.exec(name) ?? [];
  if (first === '') return /[[\]]/.test(name) && !/^ssh:\/\/.*\[[0-9a-f:]+\]/.test(name) ? undefined : [name];
  const count = Number(last) - Number(first) + 1;
  if (count < 1 || count > MOST_HOSTS) return undefined;
  // The names behind the first number show how many there are, before all are made.
  const begin = `${before}${first}`;
  const ends = hostsOf(`${begin}${after}`)?.map((name) => name.slice(begin.length)) ?? [];
  if (ends.length === 0 || count * ends.length > MOST_HOSTS) return undefined;
  return Array.from({ length: count }, (_, index) => String(Number(first) + index).padStart(first.length, '0')).flatMap(
    (number) => ends.map((end) => `${before}${number}${end}`),
  );
}
