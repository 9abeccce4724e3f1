import { CST, Lexer } from 'yaml';

/** The schemas of Kubernetes have about 60 levels. */
const DEEPEST = 300;

/**
 * Whether a YAML text is nested too deeply for the parser, which recurses: Node.js crashes when the stack ends inside a
 * regular expression, and no error can be caught. Each level needs a column or a bracket. Only the lexer, which does
 * not recurse, knows which of them are not text.
 */
export function isTooDeep(text: string): boolean {
  if (!mayBeDeep(text)) return false;
  let [levels, brackets, leading] = [0, 0, true];
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token) ?? '';
    if (type === 'newline') [levels, leading] = [0, true];
    else if (type === 'flow-seq-start' || type === 'flow-map-start') brackets += 1;
    else if (type === 'flow-seq-end' || type === 'flow-map-end') brackets -= 1;
    else if (INDICATORS.has(type)) levels += brackets > 0 ? 0 : 1;
    else if (type === 'space') levels += leading ? token.length : 0;
    else if (type === 'scalar') leading = false;
    if (levels > DEEPEST || brackets > DEEPEST) return true;
  }
  return false;
}

const INDICATORS: ReadonlySet<string> = new Set(['seq-item-ind', 'explicit-key-ind', 'map-value-ind']);

/** A fast check of the characters, enough for most files. A closing bracket may be text, so it is not counted. */
function mayBeDeep(text: string): boolean {
  let [levels, brackets, leading] = [0, 0, true];
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '\n') [levels, leading] = [0, true];
    else if (char === '[' || char === '{') brackets += 1;
    else if ('-?:'.includes(char) || (leading && char === ' ')) levels += 1;
    else leading = false;
    if (levels > DEEPEST || brackets > DEEPEST) return true;
  }
  return false;
}
