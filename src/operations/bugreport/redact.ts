import { SECRET_PATTERNS } from './secret-patterns.ts';

/** Removes secrets from texts, and counts what it removed by kind. */
export class Redactor {
  readonly #counts = new Map<string, number>();
  readonly #known: readonly string[];

  /** `known`: secrets of this run, which are removed wherever they appear. */
  constructor(known: readonly string[] = []) {
    this.#known = known.filter((secret) => secret.length >= 4);
  }

  /** How many secrets of each kind were removed so far. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** The text without secrets, each replaced by `[removed: KIND]`. */
  text(text: string): string {
    let clean = this.#withoutEncoded(this.#withoutPem(text));
    for (const secret of this.#known)
      if (clean.includes(secret)) clean = clean.replaceAll(secret, this.mark('secret of this run'));
    for (const { kind, pattern, replace } of SECRET_PATTERNS)
      clean = clean.replace(pattern, (...match: (string | undefined)[]) => {
        const replaced = replace(match, `[removed: ${kind}]`);
        if (replaced === undefined) return match[0] ?? '';
        this.#count(kind);
        return replaced;
      });
    return clean;
  }

  /** Counts one secret of this kind and gives what is written instead of it. */
  mark(kind: string): string {
    this.#count(kind);
    return `[removed: ${kind}]`;
  }

  #count(kind: string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  /** Base64 of a text in which there is a secret: of a file, for instance. */
  #withoutEncoded(text: string): string {
    return text.replace(ENCODED, (encoded) => (isEncodedSecret(encoded) ? this.mark('encoded secret') : encoded));
  }

  /** PEM of a private key. A log may hold its lines apart, and a cut text only its beginning or its end. */
  #withoutPem(text: string): string {
    let [clean, from] = ['', 0];
    for (let found = nextPem(text, from); found; found = nextPem(text, from)) {
      clean += text.slice(from, found.start) + this.mark('private key');
      from = found.end;
    }
    return clean + text.slice(from);
  }
}

/** Base64, also in several lines. */
const ENCODED = /[A-Za-z0-9+/]{24,}(?:(?:\\n|\s)+[A-Za-z0-9+/]{16,}){0,400}={0,2}/g;
/** Text in ASCII, but for characters at a cut. */
const PLAIN = /^[^]{0,3}[\t\n\r\x20-\x7e]{12,}[^]{0,3}$/;

/** A cut one may begin anywhere in a group of four characters. */
function isEncodedSecret(encoded: string): boolean {
  const joined = encoded.replaceAll(/\\n|\s/g, '');
  return [0, 1, 2, 3].some((offset) => {
    const decoded = Buffer.from(joined.slice(offset), 'base64').toString('latin1');
    return PLAIN.test(decoded) && new Redactor().text(decoded) !== decoded;
  });
}

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
/** Characters of a key with the texts that a log puts before each of its lines. */
const MOST = 32_768;

function nextPem(text: string, from: number): { readonly start: number; readonly end: number } | undefined {
  const [begin, end] = [firstFrom(BEGIN, text, from), firstFrom(END, text, from)];
  if (begin === undefined && end === undefined) return undefined;
  if (begin !== undefined && (end === undefined || begin.start < end.start)) {
    const closed = end !== undefined && end.start - begin.end < MOST;
    return { start: begin.start, end: closed ? end.end : endOfBody(text, begin.end) };
  }
  return end && { start: startOfBody(text, from, end.start), end: end.end };
}

function firstFrom(pattern: RegExp, text: string, from: number) {
  pattern.lastIndex = from;
  const match = pattern.exec(text);
  return match ? { start: match.index, end: match.index + match[0].length } : undefined;
}

/** Where the base64 behind a beginning stops that has no end. */
function endOfBody(text: string, from: number): number {
  const body = /^(?:(?:\\n|\s)*[A-Za-z0-9+/=]{16,})*/.exec(text.slice(from, from + MOST))?.[0] ?? '';
  return from + body.length;
}

/** Where the lines of base64 start that lead to an end without a beginning. */
function startOfBody(text: string, from: number, end: number): number {
  const before = text.slice(Math.max(from, end - MOST), end);
  const body =
    /(?:[^\n]*[A-Za-z0-9+/]{30,}={0,2}\s*(?:\n|\\n))*(?:[^\n]*[A-Za-z0-9+/=]+\s*(?:\n|\\n)[^\n]{0,200})?$/.exec(
      before,
    )?.[0] ?? '';
  return end - body.length;
}
