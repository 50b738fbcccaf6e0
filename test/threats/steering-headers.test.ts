import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post } from '../kit/call.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startOpenGateway } from '../kit/start-open-gateway.ts';

/** A server behind speaks to the proxy in front of the gateway, or to the browser about the gateway's origin. */
const steering = {
  'x-accel-redirect': '/internal/secrets',
  'x-accel-expires': '3600',
  'x-accel-limit-rate': '1',
  'x-accel-charset': 'utf-7',
  'x-sendfile': '/etc/shadow',
  'x-lighttpd-send-file': '/etc/shadow',
  'x-lighttpd-send-tempfile': '/etc/shadow',
  'x-reproxy-url': 'http://169.254.169.254/',
  'clear-site-data': '"*"',
  'service-worker-allowed': '/',
  'report-to': '{"group":"g","max_age":1,"endpoints":[{"url":"https://evil.example"}]}',
  'reporting-endpoints': 'g="https://evil.example"',
  nel: '{"report_to":"g","max_age":1}',
  refresh: '0; url=https://evil.example',
};

test('headers that steer a proxy in front, or a browser – stay behind; one that lets events pass goes on', async () => {
  const upstream = await startHttpServer((_, response) =>
    sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }, { ...steering, 'x-accel-buffering': 'no' }),
  );
  await using all = await startOpenGateway(upstream);
  const { status, headers } = await post(all.gateway.mcpUrl, undefined);
  assert.equal(status, 200);
  assert.deepEqual(
    [...headers.keys()].filter((name) => name in steering),
    [],
  );
  assert.equal(headers.get('x-accel-buffering'), 'no');
});
