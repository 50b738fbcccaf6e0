import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { RunningServer } from '../lib/start-http-server.ts';
import { buildServerFactory } from './build-server-factory.ts';
import type { Config } from './config-schema.ts';
import { readOperations } from './read-operations.ts';

/** Serves whoever started this program over stdin and stdout, in both eras of the protocol; ends with its stdin. There are no
 * headers: the token for the API is in the environment, as `API_TOKEN`. */
export function serveOverStdio(config: Config, environment: NodeJS.ProcessEnv): RunningServer {
  const operations = readOperations(config.schema.path, config.operations.paths);
  const token = environment['API_TOKEN'];
  const handle = serveStdio(
    buildServerFactory(config, operations, () => ({ token, proof: undefined })),
    { onerror: (error) => process.stderr.write(`MCP error: ${error.message}\n`) },
  );
  const close = (): Promise<void> => handle.close();
  return { url: 'stdio:', close, [Symbol.asyncDispose]: close };
}
