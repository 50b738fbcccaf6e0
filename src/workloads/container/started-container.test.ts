import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startEngineStandIn } from '../../../test/kit/start-engine-stand-in.ts';
import { quietLog } from '../../model/log.ts';
import { containerSchema } from './schema.ts';
import { startedContainer } from './started-container.ts';

test('a container that is removed while its end is looked at, as Podman may be so quick – ends with its exit code', async (context) => {
  const client = await startEngineStandIn(
    context,
    (request, response) => {
      const { url = '' } = request;
      const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
      if (url.includes('/create')) answer(201, { Id: 'c1' });
      else if (url.endsWith('/wait')) answer(200, { StatusCode: 143 });
      else if (request.method === 'GET') answer(404, { message: 'no such container' });
      else answer(204, {});
    },
    (socket) => void socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'),
  );
  const parts = {
    server: 'gone',
    image: { Id: 'i', Architecture: 'amd64' },
    env: {},
    volumes: [],
    network: 'n',
    targetPort: undefined,
    hostPort: undefined,
    hasInput: false,
    isIsolated: false,
    hasInit: true,
  };
  const settings = containerSchema.parse({ strategy: 'container', image: 'acme/server:1' });
  const engine = { client, kind: 'podman', label: 'an engine', architecture: 'amd64' } as const;
  await using container = await startedContainer(settings, parts, engine, { log: quietLog, stopSeconds: 1 });
  assert.deepEqual(await container.untilEnded(), { ExitCode: 143, OOMKilled: false });
});
