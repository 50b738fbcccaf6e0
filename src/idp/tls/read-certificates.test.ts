import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { UsherError } from '../../model/usher-error.ts';
import { readCertificates } from './read-certificates.ts';

const dayMs = 24 * 60 * 60 * 1000;

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-tls-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

test('certificates – first start – leaf for the loopback names under an authority that may do no more', async (t) => {
  const folder = await makeFolder(t);
  const { certificate, caFile } = await readCertificates(folder, Date.now);
  const ca = new X509Certificate(await readFile(caFile));
  const leaf = new X509Certificate(certificate);
  assert.equal(ca.ca, true);
  assert.equal(leaf.ca, false);
  assert.ok(leaf.checkIssued(ca));
  assert.ok(leaf.verify(ca.publicKey));
  assert.equal(leaf.checkHost('localhost'), 'localhost');
  assert.equal(leaf.checkIP('127.0.0.1'), '127.0.0.1');
  assert.equal(leaf.checkIP('::1'), '::1');
  // OID 2.5.29.30, name constraints, with the permitted DNS name.
  assert.ok(ca.raw.includes(Buffer.from('0603551d1e', 'hex')));
});

test('certificates – keys in the state folder – are for their owner only', async (t) => {
  const folder = await makeFolder(t);
  await readCertificates(folder, Date.now);
  for (const name of ['ca-key.pem', 'tls-key.pem']) {
    assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600);
  }
});

test('certificates – second start – are the same', async (t) => {
  const folder = await makeFolder(t);
  assert.deepEqual(await readCertificates(folder, Date.now), await readCertificates(folder, Date.now));
});

test('certificates – leaf near its end – gets a new leaf of the same authority', async (t) => {
  const folder = await makeFolder(t);
  const first = await readCertificates(folder, Date.now);
  const ca = await readFile(first.caFile, 'utf8');
  const later = await readCertificates(folder, () => Date.now() + 370 * dayMs);
  assert.notEqual(later.certificate, first.certificate);
  assert.equal(await readFile(first.caFile, 'utf8'), ca);
});

test('certificates – damaged leaf or another authority – are made anew', async (t) => {
  const folder = await makeFolder(t);
  const first = await readCertificates(folder, Date.now);
  await writeFile(join(folder, 'tls.pem'), 'cut off');
  const second = await readCertificates(folder, Date.now);
  assert.notEqual(second.certificate, first.certificate);
  await rm(join(folder, 'ca.pem'));
  const third = await readCertificates(folder, Date.now);
  assert.ok(new X509Certificate(third.certificate).verify(new X509Certificate(await readFile(third.caFile)).publicKey));
});

test('certificates – keys that others can read, as those that come with a project – are not used, nor replaced', async (t) => {
  const folder = await makeFolder(t);
  await readCertificates(folder, Date.now);
  for (const name of ['ca-key.pem', 'tls-key.pem']) {
    const file = join(folder, name);
    const before = await readFile(file, 'utf8');
    await chmod(file, 0o644);
    await assert.rejects(readCertificates(folder, Date.now), (error) => {
      assert.ok(error instanceof UsherError && error.code === 'idp_state_unusable');
      assert.match(`${error.message}. ${error.hint}`, new RegExp(`${name}, .*other users can read it.*chmod 600`));
      return true;
    });
    assert.equal(await readFile(file, 'utf8'), before);
    await chmod(file, 0o600);
  }
});
