import { grownSamples, readSamples } from '../../src/envoy/prometheus.ts';

const NAMES = new Set(['istio_requests_total']);
const line = (value: string, labels = 'reporter="destination",path="a\\"b\\\\c\\n"'): string =>
  `istio_requests_total{${labels}} ${value}`;

test('samples of the wanted names are read, with quotes and line breaks in their labels', () => {
  const text = ['# TYPE istio_requests_total counter', line('3'), 'envoy_server_live 1', 'broken{', line('NaN')].join(
    '\n',
  );
  const labels = { reporter: 'destination', path: 'a"b\\c\n' };
  expect(readSamples(text, NAMES)).toEqual([{ name: 'istio_requests_total', labels, value: 3 }]);
});

test('a sample that is new, and one that was reset, began at 0; one that did not grow is left out', () => {
  const read = (...lines: readonly string[]) => readSamples(lines.join('\n'), NAMES);
  const before = read(line('3', 'a="1"'), line('9', 'a="2"'), line('5', 'a="3"'));
  const after = read(line('4', 'a="1"'), line('2', 'a="2"'), line('5', 'a="3"'), line('7', 'a="4"'));
  expect(grownSamples(before, after).map(({ labels, value }) => [labels['a'], value])).toEqual([
    ['1', 1],
    ['2', 2],
    ['4', 7],
  ]);
});
