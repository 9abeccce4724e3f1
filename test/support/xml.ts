/** An element of an XML document. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  readonly text: string;
}

const TOKEN = /<\?xml [^?]*\?>|<\/([\w-]+)>|<([\w-]+)((?: [\w-]+="[^"<]*")*)(\/?)>|([^<]+)/y;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Reads the XML that a small subset of XML 1.0 allows: elements, attributes, text and the five entities. Throws for anything else. */
export function readXml(source: string): Element {
  if (/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(source))
    throw new Error('a character is not allowed in XML');
  const open: { name: string; attributes: Record<string, string>; children: Element[]; text: string }[] = [
    { name: '', attributes: {}, children: [], text: '' },
  ];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (!match) throw new Error(`not well-formed at: ${source.slice(at, at + 60)}`);
    const [, ended, begun, attributes = '', empty, text] = match;
    if (begun !== undefined) open.push({ name: begun, attributes: attributesOf(attributes), children: [], text: '' });
    if (text !== undefined) open.at(-1)!.text += decoded(text);
    if (ended !== undefined || empty === '/') {
      const element = open.pop()!;
      if (ended !== undefined && element.name !== ended) throw new Error(`${element.name} ends as ${ended}`);
      open.at(-1)!.children.push(element);
    }
  }
  const [document] = open;
  if (open.length !== 1 || document?.children.length !== 1 || document.text.trim() !== '')
    throw new Error('a document has one element, which is closed');
  return document.children[0]!;
}

function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/ ([\w-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, decoded(value)]),
  );
}

function decoded(text: string): string {
  if (/&(?!(amp|lt|gt|quot|apos);)/.test(text)) throw new Error(`a bare & in: ${text}`);
  return text.replace(/&(\w+);/g, (_, name: string) => ENTITIES[name] ?? '');
}
