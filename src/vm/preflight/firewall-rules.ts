/** The TCP ports of a rule. */
export interface RulePorts {
  readonly ranges: readonly (readonly [number, number])[];
  readonly negated: boolean;
  /** A named set, a map or a concatenation, which could hold any port. */
  readonly open: boolean;
}

/** One rule of a host firewall for packets to or from this machine. */
export interface FilterRule {
  /** As the firewall's tool prints it, without counters. */
  readonly text: string;
  readonly ports?: RulePorts;
  readonly verdict: 'accept' | 'drop' | 'other';
  /** It matches ports only, with any source and interface. */
  readonly plain: boolean;
  /** It accepts redirected connections to any original port. */
  readonly dnat: boolean;
  /** It accepts traffic on the loopback interface. */
  readonly loopback: boolean;
}

/** One firewall: a table of nft, or the filter table of one iptables program. */
export interface HostFirewall {
  /** `nftables table inet filter`, `iptables-legacy`. */
  readonly name: string;
  readonly hook: 'input' | 'output';
  /** Whether it drops or rejects what no rule matches. */
  readonly closed: boolean;
  /** The table belongs to a program (flags owner), and no other process can change it. */
  readonly owned: boolean;
  readonly rules: readonly FilterRule[];
}

interface Chain {
  readonly hook?: 'input' | 'output';
  readonly drops: boolean;
  readonly rules: string[];
}

interface Table {
  readonly name: string;
  owned: boolean;
  readonly chains: Map<string, Chain>;
}

/** Parses the probe's lines of `nft list ruleset`. Leaves out tables of iptables-nft that `iptables` has. */
export function parseNft(lines: readonly string[], iptables: readonly string[]): readonly HostFirewall[] {
  const tables: Table[] = [];
  let chain = '';
  for (const line of lines) {
    const [word = '', ...rest] = line.trim().split(' ');
    const table = tables.at(-1);
    if (word === 'table') tables.push({ name: rest.join(' '), owned: false, chains: new Map() });
    else if (word === 'owner' && table) table.owned = true;
    else if (word === 'chain') chain = rest[0] ?? '';
    else if (table) addNft(table, chain, line.trim());
  }
  return tables
    .filter(({ name }) => !(name === 'ip filter' && iptables.some((line) => /^iptables(-nft)? /.test(line))))
    .filter(({ name }) => !(name === 'ip6 filter' && iptables.some((line) => /^ip6tables(-nft)? /.test(line))))
    .flatMap((table) => firewalls(table, 'nftables table ', readNftRule));
}

function addNft(table: Table, name: string, text: string): void {
  const base = /^type filter hook (input|output)\b.*?(?:policy (\w+);)?$/.exec(text);
  if (base) {
    // as: the expression allows these two words only.
    const hook = base[1] as 'input' | 'output';
    table.chains.set(name, { hook, drops: base[2] === 'drop', rules: [] });
    return;
  }
  // Chains of other hooks do not filter these packets.
  if (/^type \w+ hook /.test(text)) return;
  const chain = table.chains.get(name) ?? { drops: false, rules: [] };
  chain.rules.push(text);
  table.chains.set(name, chain);
}

/** Parses lines `PROGRAM RULE`: lines of PROGRAM-save for the filter table. */
export function parseIptables(lines: readonly string[]): readonly HostFirewall[] {
  const tables = new Map<string, Table>();
  for (const line of lines) {
    const [program = '', word = '', target = '', ...rest] = line.split(' ');
    const table = tables.get(program) ?? { name: program, owned: false, chains: new Map<string, Chain>() };
    tables.set(program, table);
    if (word.startsWith(':')) table.chains.set(word.slice(1), builtIn(word.slice(1), target));
    else if (word === '-A') table.chains.get(target)?.rules.push(rest.join(' '));
  }
  return [...tables.values()].flatMap((table) => firewalls(table, '', readIptablesRule));
}

function builtIn(name: string, policy: string): Chain {
  const hook = { INPUT: 'input', OUTPUT: 'output' }[name] as 'input' | 'output' | undefined;
  return { drops: policy === 'DROP', rules: [], ...(hook && { hook }) };
}

function firewalls(table: Table, prefix: string, read: (text: string) => FilterRule): readonly HostFirewall[] {
  return [...table.chains].flatMap(([name, { hook, drops }]) => {
    if (!hook) return [];
    const rules = reached(table, name)
      .filter((text) => !text.includes('meshx-twin'))
      .map(read);
    const rest = rules.some(({ verdict, ports, plain }) => verdict === 'drop' && !ports && plain);
    if (rules.length === 0 && !drops) return [];
    return [{ name: prefix + table.name, hook, closed: drops || rest, owned: table.owned, rules }];
  });
}

/** Rules of a chain and of all chains that it jumps to. */
function reached({ chains }: Table, start: string): readonly string[] {
  const queue = [start];
  const rules: string[] = [];
  for (let next = queue[0], at = 0; next !== undefined; next = queue[++at]) {
    for (const text of chains.get(next)?.rules ?? []) {
      rules.push(text);
      const targets = [...text.matchAll(/(?:jump|goto|-j|-g) ([^\s,}]+)/g)].map(([, name]) => name ?? '');
      queue.push(...targets.filter((name) => chains.has(name) && !queue.includes(name)));
    }
  }
  return rules;
}

/** Parses a rule of `nft list ruleset`. */
function readNftRule(line: string): FilterRule {
  const text = line
    .replace(/ (?:comment|prefix) "[^"]*"/g, '')
    .replace(/counter packets \d+ bytes \d+ ?/g, '')
    .trim();
  const ports = nftPorts(text);
  const [verdict = ''] = /\b(?:accept|drop|reject)\b(?!.*\b(?:accept|drop|reject)\b)/.exec(text) ?? [];
  const rest = text
    .replace(/(?:tcp|th) dport (?:!= )?(?:\{[^}]*\}|\S+)/, '')
    .replace(/ct state (?:\{[^}]*\bnew\b[^}]*\}|[\w,]*\bnew\b[\w,]*)/, '')
    .replace(/meta l4proto tcp|ip protocol tcp|\bcounter\b|\blog\b.*?(?=\b(?:accept|drop|reject)\b|$)/g, '')
    .replace(/\baccept\b|\bdrop\b|\breject\b.*/g, '');
  const dnat = /ct status (?:\{[^}]*)?(?:\w+,)*dnat\b/.test(text) && !/ct original/.test(text);
  return {
    text,
    ...(ports && { ports }),
    verdict: verdict === 'accept' ? 'accept' : verdict === '' ? 'other' : 'drop',
    plain: rest.trim() === '',
    dnat: dnat && verdict === 'accept',
    loopback: /^iif(?:name)? (?:"lo"|lo) accept$/.test(text),
  };
}

function nftPorts(text: string): RulePorts | undefined {
  const [, not, list] = /\b(?:tcp|th) dport (!= )?(\{[^}]*\}|vmap \{[^}]*\}|\S+)/.exec(text) ?? [];
  if (list === undefined || /l4proto udp|ip protocol udp/.test(text)) return undefined;
  const named = /^[@.]|map/.test(list) || /\. (?:tcp|th) dport/.test(text);
  return { ranges: rangesOf(list), negated: not !== undefined, open: named };
}

/** Parses a rule of iptables-save, without `-A CHAIN`. */
function readIptablesRule(line: string): FilterRule {
  const text = line.replace(/ ?-m comment --comment (?:"(?:[^"\\]|\\.)*"|\S+)/g, '').trim();
  const [, not, list] = /(! )?--d(?:port|ports) (\S+)/.exec(text) ?? [];
  const tcp = /(?:^| )-p tcp\b/.test(text) && !/! -p tcp/.test(text);
  const [, target = ''] = / ?-[jg] (\S+)/.exec(text) ?? [];
  const states = /--(?:ct)?state (\S+)/.exec(text)?.[1]?.split(',') ?? [];
  const rest = text
    .replace(/(?:^| )-[jg] .*/, '')
    .replace(/-p tcp|-m tcp|-m multiport|--d(?:port|ports) \S+/g, '')
    .replace(/-m (?:state|conntrack) --(?:ct)?state \S*NEW\S*/, '');
  return {
    text,
    ...(list !== undefined && tcp && { ports: { ranges: rangesOf(list), negated: not !== undefined, open: false } }),
    verdict: target === 'ACCEPT' ? 'accept' : target === 'DROP' || target === 'REJECT' ? 'drop' : 'other',
    plain: rest.trim() === '',
    dnat: states.includes('DNAT') && target === 'ACCEPT' && !text.includes('--ctorigdstport'),
    loopback: text === '-i lo -j ACCEPT' || text === '-o lo -j ACCEPT',
  };
}

function rangesOf(text: string): readonly (readonly [number, number])[] {
  return [...text.matchAll(/(\d+)(?:[-:](\d+))?/g)].map(([, from, to]) => [Number(from), Number(to ?? from)] as const);
}

/** Whether a rule could match this port. */
export function names({ ranges, open }: RulePorts, port: number): boolean {
  return open || ranges.some(([from, to]) => from <= port && port <= to);
}

/** Whether ufw's rules are loaded. */
export function hasUfw(iptables: readonly string[]): boolean {
  return iptables.some((line) => line.includes(' ufw-before-input'));
}
