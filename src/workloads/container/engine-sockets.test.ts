import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineSockets, type Surroundings } from './engine-sockets.ts';

const linux: Surroundings = { environment: {}, platform: 'linux', home: '/home/alice', uid: 1000 };

function pathsOf(wanted: string | undefined, where: Partial<Surroundings> = {}): readonly string[] {
  const found = engineSockets(wanted, { ...linux, ...where });
  assert.ok(!('problem' in found));
  return found.map(({ path }) => path);
}

test('nothing said – the usual places of every engine, the rootful Docker first', () => {
  const paths = pathsOf(undefined);
  assert.equal(paths[0], '/var/run/docker.sock');
  for (const path of [
    '/run/user/1000/docker.sock',
    '/home/alice/.docker/run/docker.sock',
    '/home/alice/.docker/desktop/docker.sock',
    '/home/alice/.colima/default/docker.sock',
    '/home/alice/.orbstack/run/docker.sock',
    '/home/alice/.rd/docker.sock',
    '/run/user/1000/podman/podman.sock',
    '/run/podman/podman.sock',
  ])
    assert.ok(paths.includes(path), path);
});

test('one of the two wanted – its places alone', () => {
  assert.ok(pathsOf('podman').every((path) => path.includes('podman')));
  assert.ok(pathsOf('docker').every((path) => !path.includes('podman')));
});

test('XDG_RUNTIME_DIR – is where the rootless ones are', () => {
  assert.ok(
    pathsOf(undefined, { environment: { XDG_RUNTIME_DIR: '/run/xdg' } }).includes('/run/xdg/podman/podman.sock'),
  );
});

test('DOCKER_HOST or CONTAINER_HOST – that place alone; a name chooses whose counts', () => {
  const environment = { DOCKER_HOST: 'unix:///d.sock', CONTAINER_HOST: 'unix:///p.sock' };
  assert.deepEqual(pathsOf(undefined, { environment }), ['/d.sock']);
  assert.deepEqual(pathsOf('podman', { environment }), ['/p.sock']);
  assert.deepEqual(pathsOf('unix:///x.sock', { environment }), ['/x.sock']);
  assert.deepEqual(pathsOf('/x.sock', { environment }), ['/x.sock']);
});

test('Windows – named pipes', () => {
  assert.deepEqual(pathsOf('docker', { platform: 'win32' }), ['//./pipe/docker_engine']);
  assert.deepEqual(pathsOf('npipe:////./pipe/other', { platform: 'win32' }), ['//./pipe/other']);
});

for (const address of ['tcp://10.0.0.1:2376', 'ssh://alice@host', 'containerd', 'unix://relative.sock']) {
  test(`${address} – is no socket of this machine, and the sentence says so`, () => {
    const found = engineSockets(undefined, { ...linux, environment: { DOCKER_HOST: address } });
    assert.ok('problem' in found);
    assert.ok(found.problem.startsWith(`DOCKER_HOST is "${address}", which is no socket of this machine`));
  });
}
