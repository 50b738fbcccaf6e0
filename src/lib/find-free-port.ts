import { createServer } from 'node:net';

/** The first port from `preferred` upwards that can be listened on at `host`, so that a busy one is stepped over.
 * @throws Error when twenty in a row are busy
 */
export async function findFreePort(
  preferred: number,
  host = '127.0.0.1',
  taken: ReadonlySet<number> = new Set(),
): Promise<number> {
  for (let port = preferred; port < preferred + 20; port += 1) {
    if (!taken.has(port) && (await isFree(port, host))) return port;
  }
  throw new Error(`ports ${preferred} to ${preferred + 19} of ${host} are all in use`);
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
