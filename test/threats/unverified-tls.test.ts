import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readCertificates } from '../../src/idp/tls/read-certificates.ts';
import { buildHttpClient } from '../../src/lib/http-client.ts';
import { buildHttpUpstream } from '../../src/upstreams/http/build-http-upstream.ts';

/** A server whose certificate nobody here trusts, and an environment that asks to overlook it. */
describe('NODE_TLS_REJECT_UNAUTHORIZED=0', () => {
  const usual = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  let url: string;
  let ca: string;
  let requests = 0;
  let close: () => Promise<void>;

  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'usher-tls-'));
    const certificates = await readCertificates(folder, Date.now);
    ca = await readFile(certificates.caFile, 'utf8');
    const server = createServer({ cert: certificates.certificate, key: certificates.key }, (_, response) => {
      requests += 1;
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `https://localhost:${(server.address() as AddressInfo).port}/mcp`;
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    close = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    };
  });
  after(async () => {
    if (usual === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = usual;
    await close();
  });

  test('an identity provider of an unknown authority – refused, nothing is sent', async () => {
    const http = buildHttpClient();
    const call = http.send(url, { method: 'GET', headers: {}, timeoutMs: 3000 });
    await assert.rejects(call, /signed by an unknown authority/);
    assert.equal(requests, 0);
    await http.close();
  });

  test('an MCP server of an unknown authority – refused, nothing is sent', async () => {
    const upstream = buildHttpUpstream({ url, answerTimeoutMs: 3000 });
    const error = await new Promise<Error>((resolve) => {
      const onError = resolve;
      upstream.send(
        {
          method: 'POST',
          query: '',
          headers: [],
          body: Buffer.from('{}'),
          user: { principal: '', claims: {}, credential: undefined },
        },
        { onHead: () => assert.fail('answered'), onData: () => {}, onEnd: () => {}, onError },
      );
    });
    assert.match(String('code' in error ? error.code : error), /SELF_SIGNED|UNABLE_TO/);
    assert.equal(requests, 0);
    await upstream.close();
  });

  test('the authority given with --ca-file – trusted', async () => {
    const http = buildHttpClient({ ca: [ca] });
    const answer = await http.send(url, { method: 'GET', headers: {}, timeoutMs: 3000 });
    assert.equal(answer.status, 200);
    await http.close();
  });
});
