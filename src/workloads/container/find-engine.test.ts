import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { UsherError } from '../../model/usher-error.ts';
import { findEngine } from './find-engine.ts';

function makeHome(context: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), 'usher-home-'));
  context.after(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

/** Something that answers at a socket. */
async function answerAt(context: TestContext, path: string, listener: RequestListener): Promise<void> {
  const server = createServer(listener).listen(path);
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
}

function versionOf(version: Readonly<Record<string, unknown>>): RequestListener {
  return (_, response) => void response.setHeader('content-type', 'application/json').end(JSON.stringify(version));
}

const where = (home: string, CONTAINER_HOST?: string) => ({
  environment: CONTAINER_HOST === undefined ? { XDG_RUNTIME_DIR: home } : { CONTAINER_HOST },
  platform: 'linux' as const,
  home,
  uid: 1000,
});

async function refusal(found: Promise<unknown>): Promise<UsherError> {
  const error = await found.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof UsherError);
  assert.equal(error.code, 'engine_unavailable');
  assert.equal(error.row.exitCode, 4);
  return error;
}

test('no engine anywhere – every place that was tried is named', async (context) => {
  const home = makeHome(context);
  const { message, hint } = await refusal(findEngine('podman', where(home)));
  assert.match(
    message,
    /there is nothing at .*\/podman\/podman\.sock, \/run\/podman\/podman\.sock, .*machine\/podman\.sock/,
  );
  assert.match(hint, /systemctl --user start podman\.socket/);
});

test('a socket nobody listens at – said so, with what to do', async (context) => {
  const home = makeHome(context);
  const path = join(home, 'dead.sock');
  writeFileSync(path, '');
  const { message, hint } = await refusal(findEngine(`unix://${path}`, where(home)));
  assert.match(message, /dead\.sock \(--engine\): nobody answers there/);
  assert.match(hint, /is not running: start it/);
});

test('a socket one may not use – said so, and that the usual way out is as good as root', async (context) => {
  if (process.getuid?.() === 0) {
    // Root may use any socket: nothing is refused to it.
    return context.skip('runs as root');
  }
  const home = makeHome(context);
  const path = join(home, 'closed.sock');
  await answerAt(context, path, versionOf({}));
  chmodSync(path, 0);
  const { message, hint } = await refusal(findEngine(`unix://${path}`, where(home)));
  assert.match(message, /no permission/);
  assert.match(hint, /as good as being root/);
});

test('something else that answers at the socket – refused, and named', async (context) => {
  const home = makeHome(context);
  const path = join(home, 'other.sock');
  await answerAt(context, path, (_, response) => void response.writeHead(404).end('{"message":"page not found"}'));
  const { message } = await refusal(findEngine(path, where(home)));
  assert.match(message, /other\.sock \(--engine\): page not found/);
});

test('Podman behind CONTAINER_HOST – known as such, asked by the version both know', async (context) => {
  const home = makeHome(context);
  const path = join(home, 'podman.sock');
  const version = { Version: '4.3.1', ApiVersion: '1.41', MinAPIVersion: '1.24', Arch: 'amd64' };
  await answerAt(context, path, versionOf({ ...version, Components: [{ Name: 'Podman Engine' }] }));
  const engine = await findEngine(undefined, where(home, `unix://${path}`));
  assert.deepEqual([engine.kind, engine.label, engine.architecture], ['podman', `Podman 4.3.1 at ${path}`, 'amd64']);
  assert.equal(engine.client.pathOf('/info'), '/v1.41/info');
});

test('a Docker that takes newer versions alone – asked by the oldest of them', async (context) => {
  const home = makeHome(context);
  const path = join(home, 'docker.sock');
  await answerAt(context, path, versionOf({ Version: '40.0', ApiVersion: '1.70', MinAPIVersion: '1.60' }));
  assert.equal((await findEngine(path, where(home))).client.pathOf('/info'), '/v1.60/info');
});
