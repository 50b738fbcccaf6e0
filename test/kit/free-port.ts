import { startHttpServer } from './start-http-server.ts';

/** One that was free a moment ago. */
export async function freePort(): Promise<number> {
  await using server = await startHttpServer(() => {});
  return server.port;
}
