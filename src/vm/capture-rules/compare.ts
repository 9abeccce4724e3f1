/** How the rules of capture differ from those that were loaded. */
export interface RuleDifferences {
  /** Rules that capture loaded. */
  readonly loaded: number;
  /** `iptables-nft nat -A ISTIO_OUTPUT …`: loaded, and gone. */
  readonly missing: readonly string[];
  /** Rules in Istio's chains that capture did not load. */
  readonly added: readonly string[];
  /** Chains whose rules are in another order: `iptables-nft nat ISTIO_OUTPUT`. */
  readonly reordered: readonly string[];
}

/** Rules of Istio, and jumps to its chains. The resolver's chain changes with resolv.conf. */
const OF_ISTIO = /^-A (?:.* -[jg] )?ISTIO_(?!MESHX_)/;

/**
 * Compares the rules of each program, as `iptables-save` prints them, with the lines `PROGRAM TABLE RULE` that capture recorded when it
 * loaded them. Pure.
 */
export function compareRules(
  loaded: readonly string[],
  found: Readonly<Record<string, readonly string[]>>,
): RuleDifferences {
  const present = Object.entries(found).flatMap(([program, lines]) => ofIstio(program, lines));
  const [missing, added] = [without(loaded, present), without(present, loaded)];
  const [before, now] = [byChain(without(loaded, missing)), byChain(without(present, added))];
  const reordered = [...before].flatMap(([chain, rules]) =>
    rules.join('\n') === now.get(chain)?.join('\n') ? [] : [chain],
  );
  return { loaded: loaded.length, missing, added, reordered };
}

function ofIstio(program: string, lines: readonly string[]): readonly string[] {
  let table = '';
  return lines.flatMap((line) => {
    if (line.startsWith('*')) table = line.slice(1);
    return OF_ISTIO.test(line) && !line.includes(' ISTIO_MESHX_') ? [`${program} ${table} ${line}`] : [];
  });
}

/** What is in the first list more often than in the second. */
function without(some: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return some.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

function byChain(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const chains = new Map<string, string[]>();
  for (const line of lines) {
    const [program, table, , chain] = line.split(' ');
    const name = [program, table, chain].join(' ');
    chains.set(name, [...(chains.get(name) ?? []), line]);
  }
  return chains;
}
