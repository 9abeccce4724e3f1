import { headerOf, parseAnswer } from '../../src/mesh/web-request.ts';

const read = (text: string) => parseAnswer(Buffer.from(text));

test('status, header fields and body of an answer are read; names in lower case', () => {
  const answer = read('HTTP/1.1 201 Created\r\nX-Etcd-Index: 14\r\nserver: envoy\r\n\r\n{"a":1}\r\n\r\nb');
  expect(answer).toMatchObject({ line: 'HTTP/1.1 201 Created', status: 201, body: '{"a":1}\r\n\r\nb' });
  expect([headerOf(answer!, 'x-etcd-index'), headerOf(answer!, 'none')]).toEqual(['14', undefined]);
});

test('an interim answer is left out, and HTTP/2 has no words behind its status', () => {
  expect(read('HTTP/1.1 100 Continue\r\n\r\nHTTP/2 200 \r\n\r\nok')).toMatchObject({
    status: 200,
    line: 'HTTP/2 200',
    body: 'ok',
  });
});

test.each(['', 'SSH-2.0-OpenSSH_9.2', 'HTTP/1.1 20 OK\r\n\r\n', 'HTTP/1.1 100 Continue\r\n\r\n'])(
  '%j is no answer',
  (text) => {
    expect(read(text)).toBeUndefined();
  },
);
