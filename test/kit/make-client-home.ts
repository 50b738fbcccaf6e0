import type { TestContext } from 'node:test';
import { freePort } from './free-port.ts';
import { makeClients, type TestClients } from './make-clients.ts';
import { makeMachine, type TestMachine } from './make-machine.ts';
import { startUsher, type UsherResult } from './run-usher.ts';
import { until } from './until.ts';

/** A user with MCP clients. */
export interface ClientHome {
  readonly machine: TestMachine;
  readonly clients: TestClients;
  readonly port: number;
  /** Where a server on that port is. */
  readonly url: string;
  /** Runs the command line to its end; it has to end well. */
  readonly does: (...args: string[]) => Promise<UsherResult>;
  /** Starts it, and waits until it has said that. */
  readonly startsUntil: (said: RegExp, ...args: string[]) => Promise<RunningUsher>;
}

export interface RunningUsher {
  readonly pid: number;
  said(): string;
  /** Sends a signal and waits for its end. */
  endBy(signal: NodeJS.Signals): Promise<void>;
}

/** Makes one, with these variables. Nobody listens behind the servers: what they do is not asked. */
export async function makeClientHome(
  context: TestContext,
  env: Readonly<Record<string, string>> = {},
): Promise<ClientHome> {
  const machine = makeMachine(context, env);
  const clients = makeClients(machine.home);
  const port = await freePort();
  return {
    machine,
    clients,
    port,
    url: `http://localhost:${port}/mcp`,
    async does(...args) {
      const result = await machine.usher(args);
      if (result.code !== 0) throw new Error(`usher ${args.join(' ')} ended with ${result.code}: ${result.stderr}`);
      return result;
    },
    async startsUntil(said, ...args) {
      const child = startUsher(context, args, { env: machine.env });
      let text = '';
      child.stderr?.setEncoding('utf8').on('data', (part: string) => (text += part));
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      await until(() => {
        if (child.exitCode !== null) throw new Error(`usher ${args.join(' ')} ended: ${text}`);
        return said.test(text);
      }, 30_000);
      return {
        pid: child.pid ?? 0,
        said: () => text,
        async endBy(signal) {
          child.kill(signal);
          await ended;
        },
      };
    },
  };
}
