import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';

const SRC = new URL('../src/', import.meta.url);
const TEST = new URL('./', import.meta.url);

/** A command of the shell where a command may begin: at the start, behind a separator, or behind a reserved word. */
const COMMAND =
  /(?:^|[\n;&|({!]|\b(?:then|do|else|if|while|until))\s*(?:if|while|for|case|test|\[|command|printf|echo|cat|grep|sed|awk|rm|mv|mkdir|exec|exit|cd|set|shift|trap|systemctl|export|readlink|stat|chmod|chown|kill|id|place|live|own|put|sh)\s/;

/** What joins commands. */
const JOINED = /&&|\|\||;;|\n|\bthen\b|\bdo\b|\besac\b|; |\$\(/;

/** A redirection, a substitution, a quoted parameter or a reserved word: prose has none of these. */
const OF_SHELL = /2>\s*\/dev\/null|>&2|\$\(|"\$[\w@#*{]|;;|\besac\b|\bfi\b|\bdone\b|\b\w+\(\) \{|^#!\/bin\/(?:ba)?sh/m;

/** Whether a text is shell of more than one command. */
function isShell(text: string): boolean {
  return COMMAND.test(text) && JOINED.test(text) && OF_SHELL.test(text);
}

/** The text of a literal, with a word for each value that a template takes. */
function literal(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map((span) => `X${span.literal.text}`).join('');
}

/** A single line is what an operator would type. */
const ofLines = (text: string): boolean => text.trim().includes('\n') && isShell(text);

function shellIn(name: string, source: string, counts = isShell): readonly string[] {
  // Cheap first: most files have nothing of a shell.
  if (!OF_SHELL.test(source)) return [];
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const text = literal(node);
    const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    if (text !== undefined && counts(text)) found.push(`${name}:${line}`);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

test.each([
  'const A = \'test ! -x "$1" || exec "$1" forget\';',
  'const B = `if test -f "$P"; then rm -- "$P"; fi`;',
  'const C = `place "$1" all || return\\ndigest_of ${path} && echo "$SUM"`;',
  'const D = \'for each; do echo "$each"; done\';',
  "run('systemctl daemon-reload 2>/dev/null; exit 0');",
])('finds the shell in %s', (source) => {
  expect(shellIn('x.ts', source)).toEqual(['x.ts:1']);
});

test.each([
  "const hint = 'Run on the VM: systemctl restart istio; then: journalctl -u istio';",
  "const words = ['sh', '-c', SCRIPT.text, 'meshx-own'];",
  'const line = `[ "$1" != start ]`;',
  'throw new Error(`cannot read ${path}; is it there?`);',
])('passes over %s', (source) => {
  expect(shellIn('x.ts', source)).toEqual([]);
});

const below = (folder: URL): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

test('no shell is in a literal of TypeScript: each script is a file that shellcheck reads', () => {
  expect(below(SRC).flatMap((name) => shellIn(name, readFileSync(new URL(name, SRC), 'utf8')))).toEqual([]);
});

test('shell of several lines that runs in the lab or on its VMs is a file, too', () => {
  const files = below(TEST).filter((name) => /^(?:bench|e2e|faults|lab|support)\//.test(name));
  expect(files.flatMap((name) => shellIn(name, readFileSync(new URL(name, TEST), 'utf8'), ofLines))).toEqual([]);
});

test('no file of shell is longer than 300 lines', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(?:sh|bash|zsh|fish)$/.test(name),
  );
  const long = files.filter((name) => readFileSync(new URL(name, SRC), 'utf8').split('\n').length > 301);
  expect(long).toEqual([]);
});
