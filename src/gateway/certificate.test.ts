import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import { test } from 'node:test';
import { collectLog } from '../../test/kit/collect-log.ts';
import { makeFolder } from '../../test/kit/config-input.ts';
import { makeAuthority, writePair } from '../../test/kit/make-certificate.ts';
import { until } from '../../test/kit/until.ts';
import { tlsOptions } from './build-listener.ts';
import { Certificate, readCertificate } from './certificate.ts';

test('a certificate – that is exchanged after it was read and before anybody watches it – is taken', async (context) => {
  const authority = await makeAuthority();
  const folder = makeFolder(context);
  const files = writePair(folder, await authority.issue());
  const pair = readCertificate(files);
  writePair(folder, await authority.issue());
  const { log, logged } = collectLog();
  using certificate = new Certificate(files, pair, { server: createServer(tlsOptions(pair)), log, pollMs: 10 });
  await until(() => logged.some((line) => line.startsWith('info: New connections get the new certificate')));
  assert.ok(certificate);
});
