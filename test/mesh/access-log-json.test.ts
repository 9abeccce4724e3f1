import fc from 'fast-check';
import { parseAccessLog } from '../../src/mesh/access-log.ts';
import { parseJsonAccessLog } from '../../src/mesh/access-log-json.ts';
import { hostileText, RUNS } from './support.ts';

const HTTP = {
  ...{ start_time: '2026-11-30T19:06:54.281Z', method: 'GET', path: '/api', protocol: 'HTTP/1.1', response_code: 503 },
  ...{ response_flags: 'UF,URX', response_code_details: 'upstream_reset', connection_termination_details: null },
  ...{
    upstream_transport_failure_reason: '-',
    bytes_received: 0,
    bytes_sent: 19,
    duration: 3,
    upstream_service_time: null,
  },
  ...{ x_forwarded_for: null, user_agent: 'curl/8.0', request_id: 'bb7896d5', authority: 'web:8080' },
  ...{
    upstream_host: '10.150.0.62:8080',
    upstream_cluster: 'inbound|8080||',
    upstream_local_address: '127.0.0.6:39823',
  },
  ...{ downstream_local_address: '10.150.0.62:8080', downstream_remote_address: '10.150.0.21:48590' },
  ...{ requested_server_name: 'outbound_.8080_._.web', route_name: 'default' },
};
/** The same request in the text format. */
const TEXT =
  '[2026-11-30T19:06:54.281Z] "GET /api HTTP/1.1" 503 UF,URX upstream_reset - "-" 0 19 3 - "-" "curl/8.0" "bb7896d5" "web:8080" "10.150.0.62:8080" inbound|8080|| 127.0.0.6:39823 10.150.0.62:8080 10.150.0.21:48590 outbound_.8080_._.web default';

test('a line of JSON is read as the same line of text', () => {
  expect(parseJsonAccessLog(JSON.stringify(HTTP))).toEqual({ ...parseAccessLog(TEXT), format: 'json' });
});

test('a TCP line of JSON has no request', () => {
  const line = { ...HTTP, method: null, path: null, protocol: null, request_id: null, response_code: 0 };
  const read = parseJsonAccessLog(JSON.stringify(line));
  expect(read).toMatchObject({ status: 0, downstreamRemote: '10.150.0.21:48590' });
  expect(read).not.toHaveProperty('request');
  expect(read).not.toHaveProperty('requestId');
});

test.each(['{}', '{"method":"GET"}', '[]', 'text', '{', JSON.stringify({ ...HTTP, start_time: 1 })])(
  '%s is no such line',
  (text) => {
    expect(parseJsonAccessLog(text)).toBeUndefined();
  },
);

test('hostile lines are read or refused, and never fail', () => {
  fc.assert(
    fc.property(hostileText(JSON.stringify(HTTP), TEXT), (line) => {
      const read = parseJsonAccessLog(line);
      expect(read === undefined || typeof read.time === 'string').toBe(true);
    }),
    RUNS,
  );
});
