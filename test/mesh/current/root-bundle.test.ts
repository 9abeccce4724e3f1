import { certificatesIn, rootBundle } from '../../../src/mesh/current/root-bundle.ts';

const certificate = (content: string): string => `-----BEGIN CERTIFICATE-----\n${content}\n-----END CERTIFICATE-----`;
const [ONE, TWO] = [certificate('MIIB'), certificate('MIIA')];
const EMPTY = '-----BEGIN CERTIFICATE----------END CERTIFICATE-----';

describe('the certificates in a text', () => {
  test.each([
    ['nothing', '', []],
    ['no certificate', 'hello', []],
    ['one with words around it', `# the root\n${ONE}\nand no more`, [ONE]],
    ['two in their order', `${ONE}\n${TWO}\n`, [ONE, TWO]],
    ['two with nothing between them', `${ONE}${TWO}`, [ONE, TWO]],
    ['one that is repeated', `${ONE}\n${TWO}\n${ONE}\n`, [ONE, TWO]],
    ['one that is repeated with other ends of lines', `${ONE}\n${ONE.replaceAll('\n', '\r\n')}`, [ONE]],
    ['one without content', `${EMPTY}\n${ONE}`, [EMPTY, ONE]],
    ['one whose end is missing', ONE.slice(0, -5), []],
    ['one that begins before the end of another', `${ONE.slice(0, 35)}${TWO}`, [TWO]],
    ['a key', ONE.replaceAll('CERTIFICATE', 'PRIVATE KEY'), []],
  ])('%s', (_which, text, found) => {
    expect(certificatesIn(text)).toEqual(found);
  });
});

test('a bundle has each certificate once, in the order of their texts, and no newline at the end', () => {
  expect(rootBundle(`${ONE}\r\n${TWO}\n${ONE}\n`)).toBe(`${TWO}\n${ONE}`);
  expect(rootBundle(' hello\n')).toBe('hello');
});
