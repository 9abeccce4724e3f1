import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { Unreadable } from './unreadable.ts';
import { plainScalar, taggedScalar } from './yaml-scalar.ts';

interface Anchored {
  readonly value: unknown;
  readonly nodes: number;
}

type LineAndColumn = readonly [line: number, column: number];
type PlaceOf = (position: number | undefined) => LineAndColumn;

/** Reads one document from top to bottom, because anchors may be redefined. */
export class DocumentReading {
  readonly #document: Document.Parsed;
  readonly #placeOf: PlaceOf;
  readonly #anchors = new Map<string, Anchored | undefined>();
  /** Nodes read so far, including those behind each alias. */
  #nodes = 0;
  #aliased = 0;

  constructor(document: Document.Parsed, placeOf: PlaceOf) {
    this.#document = document;
    this.#placeOf = placeOf;
  }

  value(): unknown {
    const [error] = this.#document.errors;
    if (error) throw new Unreadable(error.message.split('\n')[0] ?? '', ...this.#placeOf(error.pos[0]));
    return this.#read(this.#document.contents);
  }

  #read(node: Node | null | undefined): unknown {
    if (isAlias(node)) return this.#alias(node.source, node);
    const before = this.#nodes;
    this.#nodes += 1;
    const anchor = (isScalar(node) || isMap(node) || isSeq(node)) && node.anchor;
    if (!anchor) return this.#plain(node);
    // Marks the anchor as being read, to detect a cycle.
    this.#anchors.set(anchor, undefined);
    const value = this.#plain(node);
    this.#anchors.set(anchor, { value, nodes: this.#nodes - before });
    return value;
  }

  #plain(node: Node | null | undefined): unknown {
    if (isMap(node)) return this.#map(node);
    if (isSeq(node)) return node.items.map((item) => this.#read(item as Node | null));
    return isScalar(node) ? this.#scalar(node) : null;
  }

  #scalar(node: { readonly value: unknown; readonly type?: string; readonly tag?: string; range?: unknown }): unknown {
    const text = typeof node.value === 'string' ? node.value : '';
    const [line] = this.#place(node);
    if (node.tag !== undefined) return taggedScalar(node.tag, text, line);
    return (node.type ?? 'PLAIN') === 'PLAIN' ? plainScalar(text, line) : text;
  }

  #alias(name: string, node: Node): unknown {
    const found = this.#anchors.get(name);
    if (found === undefined) {
      const reason = this.#anchors.has(name) ? `anchor ${name} contains itself` : `there is no anchor ${name}`;
      throw new Unreadable(reason, ...this.#place(node));
    }
    this.#nodes += found.nodes + 1;
    this.#aliased += found.nodes;
    if (isExcessive(this.#aliased, this.#nodes)) throw new Unreadable('its aliases multiply', ...this.#place(node));
    return found.value;
  }

  /** A merge replaces the fields before it, and the fields after it replace those of the merge. */
  #map(map: YAMLMap): unknown {
    const found = new Map<string, unknown>();
    for (const { key, value } of map.items as { key: Node | null; value: Node | null }[]) {
      if (isMerge(key)) for (const [name, each] of this.#merged(value)) found.set(name, each);
      else found.set(this.#key(key), this.#read(value));
    }
    // Not by assignment: a key may be __proto__.
    return Object.fromEntries(found);
  }

  #key(node: Node | null): string {
    const key = this.#read(node);
    if (typeof key === 'string' || typeof key === 'boolean') return String(key);
    if (typeof key === 'number') return Number.isInteger(key) ? String(key) : String(Number(key.toPrecision(8)));
    throw new Unreadable('a key is not text', ...this.#place(node));
  }

  #merged(node: Node | null): readonly (readonly [string, unknown])[] {
    const value = this.#read(node);
    // The first mapping that has a key wins.
    const parts = Array.isArray(value) ? value.toReversed() : [value];
    if (!parts.every((part) => typeof part === 'object' && part !== null && !Array.isArray(part)))
      throw new Unreadable('<< needs a mapping or a list of mappings', ...this.#place(node));
    return parts.flatMap((part) => Object.entries(part as object));
  }

  #place(node: { range?: unknown } | null): LineAndColumn {
    const range: unknown = node?.range;
    return this.#placeOf(Array.isArray(range) ? Number(range[0]) : 0);
  }
}

function isMerge(key: Node | null): boolean {
  return isScalar(key) && key.value === '<<' && (key.tag?.endsWith(':merge') ?? key.type === 'PLAIN');
}

/** go-yaml's own limit: the larger a document is, the less of it may come from aliases. */
function isExcessive(aliased: number, nodes: number): boolean {
  if (aliased <= 100 || nodes <= 1000) return false;
  const share = nodes <= 400_000 ? 0.99 : nodes >= 4_000_000 ? 0.1 : 0.99 - (0.89 * (nodes - 400_000)) / 3_600_000;
  return aliased / nodes > share;
}
