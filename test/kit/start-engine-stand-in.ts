import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';
import { EngineClient } from '../../src/workloads/container/engine-client.ts';

/** Something at a socket that answers as a container engine would where a real one cannot be brought to.
 * @param attach takes connections to a container's output
 */
export async function startEngineStandIn(
  context: TestContext,
  answer: RequestListener,
  attach: (socket: Duplex) => void = (socket) => socket.destroy(),
): Promise<EngineClient> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-engine-'));
  const path = join(folder, 'engine.sock');
  const server = createServer(answer).on('upgrade', (_, socket: Duplex) => attach(socket));
  server.listen(path);
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return new EngineClient(path, '1.41');
}
