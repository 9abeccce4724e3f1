import { LineCounter, parseAllDocuments } from 'yaml';
import { type Placed, tryJson, tryJsonStream } from './json.ts';
import { Unreadable } from './unreadable.ts';
import { isTooDeep } from './yaml-depth.ts';
import { DocumentReading } from './yaml-values.ts';

/**
 * The value of a YAML or JSON text, as sigs.k8s.io/yaml reads it for kubectl and istiod: the first document, YAML 1.1
 * words and numbers, merge keys, the last of equal keys, keys as text. Throws `Unreadable`.
 */
export function readYaml(text: string): unknown {
  // istiod's values are a long JSON text, which JSON.parse reads a hundred times faster.
  const json = /^\s*[[{]/.test(text) ? tryJson(text) : undefined;
  if (json !== undefined) return json;
  const [first] = documentsOf(text);
  return first?.();
}

/** Every document of a text with its first line. The value of an unreadable document is its `Unreadable`. */
export function readDocuments(text: string): readonly Placed[] {
  const stream = tryJsonStream(text);
  if (stream !== undefined) return stream;
  return documentsOf(text).map((read) => {
    try {
      return { value: read(), line: read.line };
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return { value: error, line: error.line };
    }
  });
}

type Reader = (() => unknown) & { readonly line: number };

function documentsOf(given: string): readonly Reader[] {
  const text = given.replace(/^\uFEFF/, '');
  const issue = textIssue(text);
  if (issue !== undefined) {
    const fail = (): never => {
      throw issue;
    };
    return [Object.assign(fail, { line: issue.line })];
  }
  const lines = new LineCounter();
  // The library resolves nothing, because its rules for words, merges and keys differ.
  const own = { schema: 'failsafe', resolveKnownTags: false, uniqueKeys: false } as const;
  const documents = parseAllDocuments(text, { ...own, lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const placeOf = (position: number | undefined) => {
    const { line, col } = lines.linePos(position ?? 0);
    return [line, Math.max(col, 1)] as const;
  };
  return (Array.isArray(documents) ? documents : []).map((document) =>
    Object.assign(() => new DocumentReading(document, placeOf).value(), {
      line: placeOf(document.contents?.range?.[0])[0],
    }),
  );
}

/** Text that go-yaml refuses before parsing, or that would overflow the parser's stack. */
function textIssue(text: string): Unreadable | undefined {
  const control = text.search(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]/);
  if (control >= 0) return new Unreadable('it holds control characters', text.slice(0, control).split('\n').length);
  return isTooDeep(text) ? new Unreadable('it is nested too deeply') : undefined;
}
