import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { freePort } from './free-port.ts';
import { makeMachine, type TestMachine } from './make-machine.ts';
import { sendJson, startHttpServer, type TestServer } from './start-http-server.ts';

export interface Apollo {
  readonly machine: TestMachine;
  readonly upstream: TestServer;
  readonly port: number;
  readonly url: string;
  /** Of its process. */
  readonly pid: () => number;
}

/** A server called apollo in the background of a machine of its own. */
export async function runApollo(context: TestContext, more: readonly string[] = []): Promise<Apollo> {
  const machine = makeMachine(context);
  const upstream = await startHttpServer((_, response) =>
    sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }),
  );
  context.after(() => upstream[Symbol.asyncDispose]());
  const port = await freePort();
  const args = ['run', '--anonymous', '--name', 'apollo', '--port', `${port}`, ...more, `${upstream.url}/mcp`];
  const { code, stdout, stderr } = await machine.usher(args);
  assert.equal(code, 0, stderr);
  const url = `http://localhost:${port}/mcp`;
  assert.equal(stdout, `apollo  ${url}\n`);
  return {
    machine,
    upstream,
    port,
    url,
    pid() {
      const run = JSON.parse(machine.read('apollo', 'run.json')) as { readonly process: { readonly pid: number } };
      return run.process.pid;
    },
  };
}
